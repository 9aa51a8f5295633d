"""The rules of tickets: pure functions over plain values; no framework, no database, no clock of their own.

- `workflow`: the states, the two transition tables and every question about them (start here)
- `joint`: what ticket and orders mean for each other
- `guards`: whether a demand of a row is met, and the sentence to say when it is not
- `history`: the state is the fold of the events
- `dispatching`: who is offered an order, and why; `offers`: what follows when an offer ends
- `deadlines`, `ratings`, `numbers`: the fixed windows, the rating window, ticket and order numbers
- `documentation`: the tables as Markdown
"""
