"""Finding tasks by what is so of them: the language of filters, and the walk through the queues."""
