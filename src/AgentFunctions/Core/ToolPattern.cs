namespace AgentFunctions.Core;

/// <summary>
/// Represents an entry of an agent's list of tools that is about some commands only: <c>run_command(git log:*)</c>.
/// </summary>
/// <param name="Tool">The tool.</param>
/// <param name="Words">The program and the first of its arguments.</param>
/// <param name="IsPrefix">Whether further arguments may follow.</param>
internal sealed record ToolPattern(string Tool, IReadOnlyList<string> Words, bool IsPrefix)
{
    /// <summary>Programs that run others by their arguments, so that a command that is disallowed could be run by them.</summary>
    private static readonly HashSet<string> Runners = new(StringComparer.OrdinalIgnoreCase)
    {
        "sh", "bash", "dash", "zsh", "ksh", "csh", "tcsh", "fish", "busybox", "toybox", "pwsh", "powershell", "cmd", "env",
        "xargs", "sudo", "doas", "su", "nohup",
        "timeout", "nice", "ionice", "time", "watch", "strace", "ltrace", "script", "ssh", "perl", "ruby", "python", "python3",
        "node", "deno", "bun", "php", "lua",
        "awk", "gawk", "mawk", "sed", "vi", "vim", "ed", "emacs", "less", "more", "man", "tar", "zip", "find", "git", "make",
        "cmake", "cargo", "go", "npm", "npx",
        "yarn", "pnpm", "docker", "podman", "gdb", "expect", "parallel", "setsid", "flock", "chroot", "unshare", "nsenter",
        "rsync", "scp", "stdbuf", "tclsh", "rg", "dotnet",
    };

    /// <summary>Reads an entry.</summary>
    /// <param name="entry">The entry.</param>
    /// <returns>The pattern; <see langword="null"/> if the entry is a plain name.</returns>
    public static ToolPattern? Read(string entry)
    {
        int open = entry.IndexOf('(', StringComparison.Ordinal);
        if (open <= 0 || entry[^1] != ')')
        {
            return null;
        }

        string text = entry[(open + 1)..^1].Trim();
        bool isPrefix = text.EndsWith('*');
        text = isPrefix ? text[..^1].TrimEnd(':', ' ') : text;
        return new ToolPattern(entry[..open], text.Split(' ', StringSplitOptions.RemoveEmptyEntries), isPrefix);
    }

    /// <summary>Determines whether the pattern allows a command: it begins with these very words.</summary>
    /// <param name="command">The program.</param>
    /// <param name="arguments">Its arguments.</param>
    public bool Allows(string command, IReadOnlyList<string> arguments)
    {
        string[] all = [command, .. arguments];
        return (IsPrefix ? all.Length >= Words.Count : all.Length == Words.Count)
            && Words.Index().All(word => all[word.Index] == word.Item);
    }

    /// <summary>
    /// Determines whether the pattern forbids a command: its words stand in it in this order, whatever stands between.
    /// </summary>
    /// <param name="command">The program.</param>
    /// <param name="arguments">Its arguments.</param>
    public bool Forbids(string command, IReadOnlyList<string> arguments)
    {
        if (Words.Count == 0 || Runners.Contains(command)
            && !string.Equals(Words[0], command, StringComparison.OrdinalIgnoreCase))
        {
            return Words.Count == 0 || arguments.Any(argument => argument.Contains(Words[0], StringComparison.OrdinalIgnoreCase));
        }

        if (!string.Equals(Words[0], command, StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        int at = 1;
        foreach (string argument in arguments)
        {
            at += at < Words.Count && (argument == Words[at] || MayStandFor(command, argument, Words[at])) ? 1 : 0;
        }

        return at == Words.Count;
    }

    /// <summary>Whether an argument of a runner may make a name for a word: <c>-c alias.p=push</c> of git.</summary>
    private static bool MayStandFor(string command, string argument, string word)
    {
        int value = argument.IndexOf('=', StringComparison.Ordinal) + 1;
        return value > 0 && Runners.Contains(command)
            && argument[value..].Split([' ', '\t', '\n', ';', '&', '|', '!', '"', '\'', '(', ')'])
                .Contains(word, StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>Determines whether a program runs others by its arguments.</summary>
    /// <param name="program">The program.</param>
    public static bool IsRunner(string program) => Runners.Contains(program);
}
