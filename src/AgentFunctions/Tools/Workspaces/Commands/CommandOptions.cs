namespace AgentFunctions.Tools.Workspaces.Commands;

/// <summary>The options that a form of a program may have; every other option is refused, an abbreviation of one too.</summary>
/// <param name="flags">
/// Options without a value, separated by blanks: <c>-a</c> may stand in a cluster, <c>--all</c> alone.
/// </param>
/// <param name="valued">
/// Options with a value, which may follow after <c>=</c>, directly after a letter, or as the next argument.
/// </param>
/// <param name="attached">Options whose value, if any, stands in the same argument: <c>-U3</c>, <c>--stat=80</c>.</param>
internal sealed class CommandOptions(string flags, string valued = "", string attached = "")
{
    private readonly HashSet<string> _flags = Words(flags);
    private readonly HashSet<string> _valued = Words(valued);
    private readonly HashSet<string> _attached = Words(attached);

    /// <summary>Gets whether a bare number (<c>-5</c>) is an option.</summary>
    public bool TakesNumber { get; init; }

    /// <summary>Gets the options whose value may begin with a dash, since it is text.</summary>
    public IReadOnlySet<string> Text { get; init; } = new HashSet<string>();

    /// <summary>Gets the options whose value is a path.</summary>
    public IReadOnlySet<string> Paths { get; init; } = new HashSet<string>();

    /// <summary>Gets the options whose value is a revision.</summary>
    public IReadOnlySet<string> Revisions { get; init; } = new HashSet<string>();

    /// <summary>Makes the same options and more.</summary>
    public CommandOptions With(string moreFlags, string moreValued = "", string moreAttached = "", string text = "",
        string paths = "") => new(
        string.Join(' ', _flags) + " " + moreFlags, string.Join(' ', _valued) + " " + moreValued,
        string.Join(' ', _attached) + " " + moreAttached)
        {
            TakesNumber = TakesNumber,
            Text = Words(text).Union(Text).ToHashSet(),
            Paths = Words(paths).Union(Paths).ToHashSet(),
            Revisions = Revisions,
        };

    /// <summary>Reads the options of a call; what is left are its operands.</summary>
    /// <param name="arguments">The arguments after the subcommand.</param>
    /// <param name="refused">The option that is not among these; <see langword="null"/> if all are.</param>
    public ParsedArguments Parse(IReadOnlyList<string> arguments, out string? refused)
    {
        var parsed = new ParsedArguments();
        refused = null;
        for (int i = 0; i < arguments.Count && refused is null; i++)
        {
            string argument = arguments[i];
            if (argument == "--")
            {
                parsed.OperandsFrom = parsed.Operands.Count;
                parsed.Operands.AddRange(arguments.Skip(i + 1));
                return parsed;
            }

            if (argument.Length < 2 || argument[0] != '-')
            {
                parsed.Operands.Add(argument);
                continue;
            }

            (string? option, string? value, bool wantsNext) = Read(argument);
            if (wantsNext && (++i >= arguments.Count || (arguments[i].StartsWith('-') && !Text.Contains(option!))))
            {
                refused = argument;
                return parsed;
            }

            string? given = wantsNext ? arguments[i] : value;
            refused = option is null ? argument : null;
            if (option is not null)
            {
                parsed.Options.AddRange(argument.StartsWith("--", StringComparison.Ordinal)
                    ? [option]
                    : LettersOf(argument, wantsNext ? null : value).Select(static c => $"-{c}"));
                if (given is not null && Paths.Contains(option))
                {
                    parsed.Paths.Add(given);
                }

                if (given is not null && Revisions.Contains(option))
                {
                    parsed.Revisions.Add(given);
                }
            }
        }

        return parsed;
    }

    /// <summary>The options of one argument with a single dash: what stands behind them in it is the value of the last.</summary>
    private static string LettersOf(string argument, string? value) => argument[1..^(value?.Length ?? 0)];

    /// <summary>Reads one argument: the option that it ends in, its value, and whether the value is the next argument.</summary>
    private (string? Option, string? Value, bool WantsNext) Read(string argument)
    {
        if (argument.StartsWith("--", StringComparison.Ordinal))
        {
            int equals = argument.IndexOf('=', StringComparison.Ordinal);
            string name = equals < 0 ? argument : argument[..equals];
            string? value = equals < 0 ? null : argument[(equals + 1)..];
            return _valued.Contains(name) ? (name, value, equals < 0)
                : _attached.Contains(name) || (equals < 0 && _flags.Contains(name)) ? (name, value, false)
                : (null, null, false);
        }

        if (_flags.Contains(argument))
        {
            return (argument, null, false);
        }

        if (TakesNumber && argument.AsSpan(1).IndexOfAnyExceptInRange('0', '9') < 0)
        {
            return (argument, null, false);
        }

        for (int i = 1; i < argument.Length; i++)
        {
            string letter = $"-{argument[i]}";
            string rest = argument[(i + 1)..];
            if (_valued.Contains(letter))
            {
                return (letter, rest.Length == 0 ? null : rest, rest.Length == 0);
            }

            if (_attached.Contains(letter))
            {
                return (letter, rest, false);
            }

            if (!_flags.Contains(letter))
            {
                return (null, null, false);
            }
        }

        return (argument[^2..] is var last && last[0] != '-' ? $"-{argument[^1]}" : last, null, false);
    }

    private static HashSet<string> Words(string text) => [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries)];
}

/// <summary>Represents the arguments of a command by what they are.</summary>
internal sealed class ParsedArguments
{
    /// <summary>Gets the options by name.</summary>
    public List<string> Options { get; } = [];

    /// <summary>Gets what is no option.</summary>
    public List<string> Operands { get; } = [];

    /// <summary>Gets the values of options that are paths.</summary>
    public List<string> Paths { get; } = [];

    /// <summary>Gets the values of options that are revisions.</summary>
    public List<string> Revisions { get; } = [];

    /// <summary>Gets the first operand that stands after <c>--</c>.</summary>
    public int OperandsFrom { get; set; } = int.MaxValue;

    /// <summary>Determines whether any of some options is given.</summary>
    /// <param name="options">The options.</param>
    public bool HasAny(params ReadOnlySpan<string> options)
    {
        foreach (string option in options)
        {
            if (Options.Contains(option))
            {
                return true;
            }
        }

        return false;
    }
}
