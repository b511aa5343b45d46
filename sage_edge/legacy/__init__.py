"""The papers of an older system of the same family, read tolerantly and recorded strictly (legacy §4).

    folder_walk      DIR → files, never through a link, never out of DIR
    encodings        bytes → text: which encoding it is in, told by name
    decode           text → JSON, with what was repaired, or the reason why not
    kinds            what a file is that holds no session
    containers       JSON → the lists that hold turns
    interleaved      one list → the lists of the sessions whose messages stand in it
    nodes            a tree of messages → a list of turns
    branches         turns that name the one before them → the one path that was followed
    repeats          items that say again what another one says → the one that stands
    vocabulary       the names under which turns are kept
    parts            what is said in parts → one text
    shapes           one item of such a list → an utterance, or a question with its answer
    answers          what the mind said: thinking set apart, a stored failure is no answer
    turn_marks       a template's marks in what it said
    turn_pairs       utterances → questions with answers
    exercises        the exercises between warm-up and cool-down
    ids, host_names  what the session is called
    tracks           which kind of session it is
    heads, times     what the file says of it as a whole; Pacific time → UTC
    paper_status     session, dry run, experiment, superseded
    session_file     one file → drafts of papers
    import_folder    DIR → papers → OUT
    report           what became of every file
    states           what does not hold together in a state file of an older system
    versions         a path → which file it is a version of, and its place among the others
    counters         the counters of a state file, and the time that it holds
    histories        what the versions of one state file say against each other

Nothing is guessed and nothing is dropped in silence: every item that a file holds as a turn is kept, or doubled, or
refused with a reason, and what is set aside stands verbatim in `extra` or `stored`.
"""
