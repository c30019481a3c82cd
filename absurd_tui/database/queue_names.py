"""The SQL of a queue's name. A database of no encoding may have one that is no text, which no client can be given."""

_UTF_8 = r"E'^([\\x01-\\x7f]|[\\xc2-\\xdf][\\x80-\\xbf]|[\\xe0-\\xef][\\x80-\\xbf]{2}|[\\xf0-\\xf4][\\x80-\\xbf]{3})*$'"
"""The bytes of a text, as a database of no encoding matches them."""

QUEUE_NAME = "case when x.is_text then q.queue_name else encode(convert_to(q.queue_name, 'SQL_ASCII'), 'escape') end"
"""The name of a queue `q`, with escapes where it is no text."""

IS_TEXT = f"cross join lateral (select getdatabaseencoding() <> 'SQL_ASCII' or q.queue_name ~ {_UTF_8} as is_text) x"
"""Joins to a queue `q` whether its name is text; one that is none cannot be asked for."""
