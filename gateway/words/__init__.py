"""The words that people read, in the languages that we speak: one source for pages and notices.

English stands in the code and is the key; `ja.po` has the Japanese, `make words` brings it up to
date and compiles it. Import each name from the module that defines it; nothing is re-exported.
"""
