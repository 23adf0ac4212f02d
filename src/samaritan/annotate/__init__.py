"""The annotator: a local server and its page, where a person clicks and keeps masks, and the model learns from them.

    page (web/)  <- messages ->  server/  ->  workspace/   cases, masks, journal, exports: files, no model and no network
                                          ->  engine/      the model in a process of its own
                                 learn/   <-  what was accepted, as a data set

``messages`` is what page and server say to each other.
"""
