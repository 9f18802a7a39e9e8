"""The API: what pages show and take, for programs, with the rights of the person whose token they carry.

One module a subject, over the same queries and actions as the pages; what goes wrong is answered from the same
table (``web/answers.py``). ``app.py`` holds the list of subjects.
"""
