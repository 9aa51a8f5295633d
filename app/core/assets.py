"""Static files made ready: copied under the hash of what they are, and compressed once instead of at every request.

`python -m app.core.assets` copies our own files (`app/static`) and the served ones of the front-end packages
(`node_modules`) into `app/static/vendor/<hash>/`, each beside its `.br` and `.gz`, and writes `vendor/assets.json`: the
address of every file by its plain name. The hash names the whole tree, so that a style sheet or a script may name its
neighbours by relative paths, and one change gives every file a new address. Nothing is done where nothing changed.

Style sheets a template asks for together, `ui.css('forms', 'table')`, are also written as one, `css/forms+table.css`,
and so are scripts, `js/photos+report.js`: a page is a handful of requests however finely they are cut. Scripts are
modules that import nothing; each keeps its names to itself in a block of its own. Our sheets and scripts lose their
comments and indentation on the way: a fifth of what they weigh compressed.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import shutil
import sys
from collections.abc import Container, Iterable, Mapping
from importlib.metadata import version
from pathlib import Path

MANIFEST = "vendor/assets.json"
MAKING = 2  # counts how files are made of their sources

# Name under which pages ask for it, and where the package keeps it.
PACKAGES: Mapping[str, str] = {
    "vendor/htmx.js": "htmx.org/dist/htmx.min.js",
    "vendor/htmx.LICENSE": "htmx.org/LICENSE",
    "vendor/qr/decode.js": "qr/decode.js",
    "vendor/qr/index.js": "qr/index.js",
    "vendor/qr/LICENSE": "qr/LICENSE",
}
_CALLS = re.compile(r"ui\.(css|js)\(([^)]*)\)")
_NAME = re.compile(r"['\"]([\w-]+)['\"]")
_COMPRESSED = {".css", ".js", ".svg", ".json", ".webmanifest", ".txt"}


def build(root: Path) -> int:
    """Bring `app/static/vendor` up to date for the checkout `root`; return the number of files written (0: none)."""
    static = root / "app" / "static"
    sources = _sources(root, static)
    tree = _hash(sources)
    target = static / "vendor" / tree
    if (target / ".complete").exists() and (static / MANIFEST).exists() and _addresses(static, tree) is not None:
        return 0
    fresh = target.with_name(target.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    for name, parts in sources.items():
        copy = fresh / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(_joined(name, parts))
        _compress(copy)
    fresh.mkdir(parents=True, exist_ok=True)
    (fresh / ".complete").touch()
    shutil.rmtree(target, ignore_errors=True)
    fresh.rename(target)
    manifest = {name: f"vendor/{tree}/{name}" for name in sources}
    written = static / "vendor" / "assets.json.new"
    written.write_text(json.dumps(manifest, indent=1, sort_keys=True), encoding="utf-8")
    written.replace(static / MANIFEST)
    _forget(static / "vendor", keep=tree)
    return len(sources)


def addresses(static: Path) -> dict[str, str]:
    """Return plain name → path below `static` of every built file that is not older than its source.

    Whoever edits a style sheet sees the edit at the next start, built or not.
    """
    try:
        manifest = json.loads((static / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {name: path for name, path in manifest.items() if _fresh(_parts(static, name), static / path)}


def together(kind: str, names: Iterable[str]) -> str:
    """The name under which these style sheets (`css`) or scripts (`js`) are one file."""
    return f"{kind}/{'+'.join(names)}.{kind}"


def hashed(url: str) -> bool:
    """Return whether the address carries the hash of its content, so that a browser may keep it for ever."""
    parts = url.split("/")
    return "vendor" in parts and len(parts[parts.index("vendor") + 1]) == 16 and len(parts) > parts.index("vendor") + 2


def _sources(root: Path, static: Path) -> dict[str, tuple[Path, ...]]:
    """Every file to be served and what it is made of."""
    found = {
        path.relative_to(static).as_posix(): (path,)
        for path in sorted(static.rglob("*"))
        if path.is_file() and not path.name.startswith(".") and static / "vendor" not in path.parents
    }
    modules = root / "node_modules"
    found |= {name: (modules / path,) for name, path in PACKAGES.items() if (modules / path).exists()}
    return found | {name: _parts(static, name) for name in _bundles(root / "app" / "templates", found)}


def _bundles(templates: Path, found: Container[str]) -> set[str]:
    """What stands in one call of `ui.css` or `ui.js` in some template, as names of the files they make together."""
    calls = {
        (kind, tuple(_NAME.findall(arguments)))
        for path in sorted(templates.rglob("*.html"))
        for kind, arguments in _CALLS.findall(path.read_text(encoding="utf-8"))
    }
    return {
        together(kind, names)
        for kind, names in calls
        if len(names) > 1 and all(f"{kind}/{name}.{kind}" in found for name in names)
    }


def _parts(static: Path, name: str) -> tuple[Path, ...]:
    """What a served file is made of: itself, or the sheets or scripts its name joins."""
    kind, _slash, joined = name.partition("/")
    if kind not in ("css", "js") or not joined.endswith(f".{kind}"):
        return (static / name,)
    return tuple(static / kind / f"{part}.{kind}" for part in joined.removesuffix(f".{kind}").split("+"))


def _joined(name: str, parts: tuple[Path, ...]) -> bytes:
    texts = [part.read_bytes() for part in parts]
    if len(texts) > 1 and name.endswith(".js"):
        texts = [b"{\n" + text + b"\n}" for text in texts]
    return _minified(name, b"\n".join(texts))


def _minified(name: str, content: bytes) -> bytes:
    """Our own sheet or script without comments and indentation; anything else as it is."""
    import rcssmin  # noqa: PLC0415 - only where something is built
    import rjsmin  # noqa: PLC0415 - as above

    minify = {"css": rcssmin.cssmin, "js": rjsmin.jsmin}.get(name.partition("/")[0])
    return content if minify is None else bytes(minify(content))


def _hash(sources: Mapping[str, tuple[Path, ...]]) -> str:
    # browsers keep what an address gave them: made in another way, or by other tools, it is another address
    digest = hashlib.sha256(f"{MAKING} {version('rcssmin')} {version('rjsmin')}".encode())
    for name, parts in sorted(sources.items()):
        content = hashlib.sha256(b"\n".join(part.read_bytes() for part in parts)).hexdigest()
        digest.update(f"{name} {content}\n".encode())
    return digest.hexdigest()[:16]


def _addresses(static: Path, tree: str) -> dict[str, str] | None:
    """Return the manifest if it is the one of `tree`."""
    manifest: dict[str, str] = json.loads((static / MANIFEST).read_text(encoding="utf-8"))
    return manifest if all(path.startswith(f"vendor/{tree}/") for path in manifest.values()) else None


def _compress(path: Path) -> None:
    if path.suffix not in _COMPRESSED:
        return
    import brotli  # noqa: PLC0415 - only where something is built

    content = path.read_bytes()
    path.with_name(path.name + ".br").write_bytes(brotli.compress(content, quality=11))
    path.with_name(path.name + ".gz").write_bytes(gzip.compress(content, compresslevel=9, mtime=0))


def _fresh(sources: Iterable[Path], built: Path) -> bool:
    if not built.exists():
        return False
    return all(not source.exists() or source.stat().st_mtime <= built.stat().st_mtime for source in sources)


def _forget(vendor: Path, *, keep: str) -> None:
    """Remove the trees before the last two: a page loaded before a restart may still ask for its style sheet."""
    trees = [path for path in vendor.iterdir() if path.is_dir() and path.name != keep]
    for path in sorted(trees, key=lambda tree: tree.stat().st_mtime)[:-1]:
        shutil.rmtree(path, ignore_errors=True)


if __name__ == "__main__":
    count = build(Path(__file__).resolve().parents[2])
    sys.stdout.write(f"{count} static files prepared\n" if count else "static files are up to date\n")
