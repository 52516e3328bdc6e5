"""Where the commands read events: NDJSON, or CSV through a mapping; plain or gzip; a file or standard input."""

from casebus_producers.sources.entry import Entry, ReadEvent
from casebus_producers.sources.input_file import InputFile, open_input
from casebus_producers.sources.reading import read_entries

__all__ = ["Entry", "InputFile", "ReadEvent", "open_input", "read_entries"]
