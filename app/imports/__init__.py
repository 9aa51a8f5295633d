"""Imports: every bulk thing enters through one staged engine.

A file goes through fixed stages, in the browser and on the command line alike: it is *sniffed* (what kind of file,
which encoding, which sheet, where the heading row is), its columns are *mapped* onto the columns an importer knows
(the mapping is remembered for the same headings), a *dry run* plans every row without writing anything, a kind may
demand *approval* by another person, the good rows are *applied* in one transaction (all of them or none), and for a
day the batch can be *undone* while nothing depends on it.

Every row is accounted for: rows read = new + changed + same + refused; things the file should have named but did not
are "missing". The same content a second time changes nothing.

``rules/`` holds the pure half (sniffing, reading, headings, cells); the areas fulfil
:class:`app.core.importing.Importer` and register in ``app.wiring.IMPORTERS``. This package knows no area.
"""
