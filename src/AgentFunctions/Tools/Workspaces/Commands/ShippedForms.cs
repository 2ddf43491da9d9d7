namespace AgentFunctions.Tools.Workspaces.Commands;

/// <summary>The programs whose allowed forms come with this library.</summary>
internal static class ShippedForms
{
    private static readonly CommandOptions Build = new(
        "--no-restore --no-build --nologo --no-incremental --force --list-tests --blame-hang --self-contained --no-self-contained --no-dependencies -graph",
        "-c --configuration -v --verbosity -f --framework --filter -r --runtime -o --output --results-directory",
        "-v -c -f -o")
    {
        Paths = new HashSet<string> { "-o", "--output", "--results-directory" },
    };

    private static readonly CommandOptions Script = new("");

    /// <summary>A file of further arguments would bring options that nobody has looked at.</summary>
    private static string? NoResponseFile(ParsedArguments parsed) =>
        parsed.Operands.Any(static operand => operand.StartsWith('@'))
            ? "files of arguments (@file) are not among the allowed forms"
            : null;

    /// <summary>Gets the forms by program.</summary>
    public static IReadOnlyDictionary<string, ProgramForms> All { get; } = new ProgramForms[]
    {
        new GitForms(),
        new RipgrepForms(),
        new("ls", [new("", new("-a -A -b -B -c -C -d -f -F -g -G -h -H -i -k -l -m -n -N -o -p -q -Q -r -R -s -S -t -u -U -v -x -X -Z -1 --all --almost-all --human-readable --recursive --reverse --directory --classify --size --inode --full-time --group-directories-first --no-group",
            "", "--color --sort --time --format --time-style"), Operands.Paths, FileUse.Names)]),
        new("cat", [new("", new("-A -b -e -E -n -s -t -T -u -v --number --show-all --number-nonblank --squeeze-blank --show-ends --show-tabs"), Operands.Paths, FileUse.ReadsNamed)]),
        new("head", [new("", new CommandOptions("-q -v -z --quiet --verbose",
            "-n -c --lines --bytes") { TakesNumber = true, Text = new HashSet<string> { "-n", "-c" } }, Operands.Paths,
            FileUse.ReadsNamed)]),
        new("tail", [new("", new CommandOptions("-q -v -z --quiet --verbose",
            "-n -c --lines --bytes") { TakesNumber = true, Text = new HashSet<string> { "-n", "-c" } }, Operands.Paths,
            FileUse.ReadsNamed)]),
        new("wc", [new("", new("-c -m -l -L -w --bytes --chars --lines --words --max-line-length"), Operands.Paths,
            FileUse.ReadsNamed)]),
        new("diff", [new("", new("-u -q -r -N -w -b -B -i -a -s -y -c -e -n --brief --recursive --new-file --unified --ignore-all-space --ignore-space-change --ignore-blank-lines --ignore-case --no-dereference --side-by-side --text",
            "-x --exclude -W", "-U --unified -C --context --color"), Operands.Paths, FileUse.ReadsNamed)
            {
                // Links within folders may lead anywhere.
                Adds = ["--no-dereference"],
            }]),
        new("grep", [new("", new CommandOptions("-r -n -i -l -L -c -w -x -v -E -F -G -P -o -h -H -s -q -I -a -z -Z --recursive --line-number --ignore-case --files-with-matches --files-without-match --count --word-regexp --invert-match --extended-regexp --fixed-strings --perl-regexp --only-matching --no-filename --with-filename --no-messages --quiet --text --no-ignore-case",
            "-e --regexp -A -B -C -m --after-context --before-context --context --max-count --include --exclude --exclude-dir --binary-files", "--color")
            { Text = new HashSet<string> { "-e", "--regexp" } }, Operands.TextThenPaths, FileUse.ReadsNamed)
            {
                TextOptions = ["-e", "--regexp"],
                UseOf = static parsed => parsed.HasAny("-r", "--recursive") ? FileUse.Reads : FileUse.ReadsNamed,
            }]),
        new FindForms(),
        new("pwd", [new("", new("-L -P"), Operands.None, FileUse.ReadsNamed)]),
        new("echo", [new("", new(string.Join(' ', Enumerable.Range('a', 26).Select(static c => $"-{(char)c}"))), Operands.Text,
            FileUse.ReadsNamed)]),
        new("true", [new("", new(""), Operands.Text, FileUse.ReadsNamed)]),
        new("false", [new("", new(""), Operands.Text, FileUse.ReadsNamed)]),
        new("dotnet",
        [
            new("build", Build, Operands.Paths, FileUse.RunsCode) { Check = NoResponseFile },
            new("test", Build, Operands.Paths, FileUse.RunsCode) { Check = NoResponseFile },
            new("restore", Build, Operands.Paths, FileUse.RunsCode) { Check = NoResponseFile },
            new("clean", Build, Operands.Paths, FileUse.RunsCode) { Check = NoResponseFile },
            new("format", Build.With("--verify-no-changes --no-restore", "--severity --include --exclude",
                paths: "--include --exclude"), Operands.Paths, FileUse.RunsCode) { Check = NoResponseFile },
            new("--version", Script, Operands.None, FileUse.RunsCode),
            new("--info", Script, Operands.None, FileUse.RunsCode),
            new("--list-sdks", Script, Operands.None, FileUse.RunsCode),
        ]),
        new("npm",
        [
            new("test", new("-s --silent"), Operands.None, FileUse.RunsCode),
            new("run", new("-s --silent"), Operands.Text, FileUse.RunsCode),
            new("ls", new("-a --all --json", "--depth"), Operands.Text, FileUse.RunsCode),
            new("--version", Script, Operands.None, FileUse.RunsCode),
        ]),
        new ScriptForms("python", ".py"),
        new ScriptForms("python3", ".py"),
        new ScriptForms("node", ".js", ".mjs", ".cjs"),
    }.ToDictionary(static forms => forms.Program, StringComparer.Ordinal);
}
