"""Text that attacks a terminal or a markup parser, as any client may store it in a queue."""

TITLE = "\x1b]0;pwned\x07import[/red]\u202egpj.exe"
"""Sets the window's title, closes markup that was never opened, and reads backwards."""

CLEAR = "\x1b[2J\x1b[H[bold red]all clear[/bold red]\x9b31m\u2066\u200b\r\n"
"""Clears the screen, with 7-bit and 8-bit controls, isolates, a zero-width space and a line break."""

LINK = (
    "[@click=app.quit]press me[/] \x1b]8;;https://example.invalid\x1b\\here\x1b]8;;\x1b\\ "
    "\u0301\u0301\u0301\U0001f468\u200d\U0001f469"
)
"""A markup action, a terminal hyperlink, stacked accents and a joined emoji."""

LONG_NAME = "reconcile_" + "ledger_" * 1427 + "x"
"""A task name of 10,000 characters."""
