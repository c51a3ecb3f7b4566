"""Runs the snippets of one language from the README of a data package, in its folder: snippets.py DIR LANGUAGE COMMAND..."""
import re
import subprocess
import sys
import tempfile

folder, language, command = sys.argv[1], sys.argv[2], sys.argv[3:]
readme = open(folder + "/README.md", encoding="utf-8").read()
snippets = re.findall(r"^```" + language + r"\n(.*?)^```$", readme, re.S | re.M)
if not snippets:
    sys.exit(f"README.md has no snippet in {language}")
for snippet in snippets:
    with tempfile.NamedTemporaryFile("w", suffix="." + language, encoding="utf-8") as file:
        file.write(snippet)
        file.flush()
        print(subprocess.run(command + [file.name], cwd=folder, check=True, capture_output=True, text=True).stdout, end="")
print(len(snippets), "snippets run")
