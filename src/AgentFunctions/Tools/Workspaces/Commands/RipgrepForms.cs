namespace AgentFunctions.Tools.Workspaces.Commands;

/// <summary>
/// The allowed forms of ripgrep: none with a preprocessor, a decompressor, a configuration or links that are followed.
/// </summary>
internal sealed class RipgrepForms() : ProgramForms("rg",
[
    new CommandForm(
        "",
        new CommandOptions(
            "-n -N -i -s -S -l -c -w -x -v -F -P -o -h -H -I -a -q -U -p --line-number --no-line-number --ignore-case --smart-case --case-sensitive "
            + "--files-with-matches --files-without-match --files --count --count-matches --word-regexp --line-regexp --invert-match --fixed-strings --pcre2 "
            + "--only-matching --no-filename --with-filename --hidden --no-ignore --no-ignore-vcs --text --quiet --multiline --heading --no-heading --json "
            + "--stats --trim --vimgrep --column --null --sort-files -0 -.",
            "-e --regexp -A -B -C -m -g -t -T -d -r -E --after-context --before-context --context --max-count --glob --iglob --type --type-not --max-depth --replace "
            + "--sort --sortr --max-columns --max-filesize --color --encoding -j --threads -M") { Text = new HashSet<string> { "-e", "--regexp" } },
        Operands.TextThenPaths, FileUse.Reads)
    {
        TextOptions = ["-e", "--regexp", "--files"],
        Adds = ["--no-config", "--no-follow"],
        Whole = "./",
        UseOf = static parsed => parsed.HasAny("--files") ? FileUse.Names : FileUse.Reads,
    },
])
{
    protected override IReadOnlyDictionary<string, string?> Environment { get; } =
        new Dictionary<string, string?> { ["RIPGREP_CONFIG_PATH"] = null };
}
