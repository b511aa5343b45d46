"""The workstation's tasks: one file for what belongs together, one function for each task, one registration.

    <name>_tasks.py     what `invoke` lists: parses, calls one function, returns an exit code; with GROUP = "image" its
                        tasks are image.*
    <name>_service.py   what a task does over hosts
    collection.py       the registration, which `tasks.py` hands to invoke

A task imports what it needs when it runs: invoke loads every `_tasks.py` for each list and each Tab.
"""
