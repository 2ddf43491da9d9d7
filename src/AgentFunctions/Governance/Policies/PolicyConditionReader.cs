using System.Globalization;
using System.Text.RegularExpressions;
using AgentFunctions.Core.Yaml;

namespace AgentFunctions.Governance.Policies;

/// <summary>Reads the keys below <c>when</c> and <c>unless</c>.</summary>
internal sealed class PolicyConditionReader(IReadOnlyDictionary<string, IReadOnlyList<string>> lists)
{
    /// <summary>Matches in linear time whatever the text: a goal cannot be written so that a rule takes long.</summary>
    private const RegexOptions ExpressionOptions = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant;

    /// <summary>Gets or sets whether any condition that was read looks at earlier calls.</summary>
    public bool ReadsHistory { get; private set; }

    /// <summary>Gets or sets whether any condition that was read looks at the run's plan.</summary>
    public bool ReadsPlan { get; private set; }

    /// <summary>Gets or sets whether any condition that was read looks at arguments.</summary>
    public bool ReadsArguments { get; private set; }

    /// <summary>Gets the folders that conditions name.</summary>
    public List<string> Folders { get; } = [];

    public PolicyCondition Read(YamlMap map)
    {
        var tests = new List<PolicyTest>();
        Add(tests, 1, Globs(map, "tool"), static (glob, action) => glob.Matches(action.Tool));
        Add(tests, 1, Globs(map, "agent"), static (glob, action) => glob.Matches(action.Agent));
        Add(tests, 1, Globs(map, "chain"), static (glob, action) => glob.MatchesAny(action.Chain));
        Add(tests, 1, Globs(map, "requester"), static (glob, action) => glob.Matches(action.Requester));
        Add(tests, 1, Globs(map, "role"), static (glob, action) => glob.MatchesAny(action.RequesterRoles));
        Add(tests, 0, map.Choices<ToolEffect>("effect"), static (effects, action) => effects.Contains(action.Effect));
        Add(tests, 0, map.Choices<RiskLevel>("risk"), static (risks, action) => risks.Contains(action.Risk));
        if (map.Flag("clientTool") is { } isClientTool)
        {
            tests.Add(new PolicyTest(0, (action, _) => action.IsClientTool == isClientTool));
        }

        Add(tests, 2, Expression(map, "goal"), static (goal, action) => goal.IsMatch(action.Goal));
        Add(tests, 1, map.Map("labels") is { } labels ? ReadLabels(labels) : null,
            static (labels, action) => HoldForLabels(labels, action));
        AddHosts(tests, Globs(map, "host", ignoreCase: true), static (glob, host) => glob.Matches(host));
        AddHosts(tests, Globs(map, "hostOutside", ignoreCase: true), static (glob, host) => !glob.Matches(host));
        if (map.Map("arguments") is { } arguments)
        {
            ReadsArguments = true;
            List<ArgumentCondition> conditions = ReadArguments(arguments);
            tests.Add(new PolicyTest(2,
                (action, whenUnknown) => conditions.TrueForAll(condition => condition.Holds(action, whenUnknown))));
        }

        Add(tests, 1, map.Map("time") is { } time ? ReadTime(time) : null,
            static (condition, action) => condition.Holds(action.Now));
        Add(tests, 1, Globs(map, "data"), static (glob, action) => glob.MatchesAny(action.DataLabels));
        Add(tests, 0, map.Map("budgetLeft") is { } budget ? BudgetCondition.Read(budget) : null,
            static (condition, action) => condition.Holds(action.BudgetLeft));
        ReadsPlan |= map.Has("planStep");
        Add(tests, 1, Globs(map, "planStep", ignoreCase: true),
            static (glob, action) => action.PlanStep is { } step && glob.Matches(step));
        foreach (YamlMap history in map.Maps("history"))
        {
            ReadsHistory = true;
            tests.Add(new PolicyTest(3, ReadHistory(history).Holds));
        }

        map.Close();
        return tests.Count > 0
            ? new PolicyCondition(tests)
            : throw map.Error("there is no condition", "name at least one, for instance 'tool: \"*\"' for every call");
    }

    private static void Add<T>(List<PolicyTest> tests, int cost, T? condition, Func<T, ActionContext, bool> holds)
        where T : class
    {
        if (condition is not null)
        {
            tests.Add(new PolicyTest(cost, (action, _) => holds(condition, action)));
        }
    }

    /// <summary>Of a call's hosts, one that fits is enough to restrict; to free, all must fit.</summary>
    private static void AddHosts(List<PolicyTest> tests, Glob? glob, Func<Glob, string, bool> fits)
    {
        if (glob is not null)
        {
            tests.Add(new PolicyTest(1, (action, whenUnknown) => whenUnknown
                ? action.Hosts.Any(host => fits(glob, host))
                : action.Hosts.Count > 0 && action.Hosts.All(host => fits(glob, host))));
        }
    }

    private Glob? Globs(YamlMap map, string key, bool ignoreCase = false)
    {
        if (map.Texts(key) is not { } texts)
        {
            return null;
        }

        var patterns = new List<string>();
        foreach (string text in texts)
        {
            if (text.StartsWith('@'))
            {
                patterns.AddRange(lists.TryGetValue(text[1..], out IReadOnlyList<string>? list)
                    ? list
                    : throw map.Error(key, $"{key}: there is no list '{text[1..]}'",
                        "write it under 'lists' at the top of the file"));
            }
            else
            {
                patterns.Add(text);
            }
        }

        return new Glob(patterns, ignoreCase);
    }

    private static Regex? Expression(YamlMap map, string key)
    {
        try
        {
            return map.Text(key) is { } text ? new Regex(text, ExpressionOptions) : null;
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            throw map.Error(key, $"'{key}' is not a usable regular expression: {e.Message}",
                "write one without look-around and back-references");
        }
    }

    private List<(string Name, Glob Values)> ReadLabels(YamlMap map)
    {
        var labels = map.Keys.Select(name => (name, Globs(map, name)!)).ToList();
        map.Close();
        return labels;
    }

    private static bool HoldForLabels(List<(string Name, Glob Values)> labels, ActionContext action)
    {
        foreach ((string name, Glob values) in labels)
        {
            if (!action.Labels.TryGetValue(name, out string? value) || !values.Matches(value))
            {
                return false;
            }
        }

        return true;
    }

    private List<ArgumentCondition> ReadArguments(YamlMap map)
    {
        var conditions = new List<ArgumentCondition>();
        foreach (string path in map.Keys)
        {
            YamlMap at = map.Map(path)!;
            conditions.Add(new ArgumentCondition(new ArgumentPath(path))
            {
                Is = Globs(at, "is"),
                Not = Globs(at, "not"),
                Matches = Expression(at, "matches"),
                Above = at.Number("above"),
                Below = at.Number("below"),
                Under = at.Texts("under"),
                NotUnder = at.Texts("notUnder"),
                Exists = at.Flag("exists"),
            });
            Folders.AddRange(conditions[^1].Under ?? []);
            at.Close();
        }

        map.Close();
        return conditions;
    }

    private static TimeCondition ReadTime(YamlMap map)
    {
        string zone = map.Text("zone") ?? "UTC";
        if (!TimeZoneInfo.TryFindSystemTimeZoneById(zone, out TimeZoneInfo? found))
        {
            throw map.Error("zone", $"zone: '{zone}' is not known", "use an IANA name such as Europe/Berlin, or UTC");
        }

        var time = new TimeCondition(found)
        {
            Days = map.Choices<DayOfWeek>("days"),
            From = ReadTimeOfDay(map, "from"),
            To = ReadTimeOfDay(map, "to"),
        };
        map.Close();
        return time;
    }

    private static TimeOnly? ReadTimeOfDay(YamlMap map, string key) => map.Text(key) is not { } text ? null
        : TimeOnly.TryParseExact(text, "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out TimeOnly time) ? time
        : throw map.Error(key, $"{key}: '{text}' is not a time of day", "write it in quotes, for instance \"18:00\"");

    private HistoryCondition ReadHistory(YamlMap map)
    {
        YamlMap call = map.Map("call")
            ?? throw map.Error("'call' is missing", "say which earlier calls are meant, for instance 'call: {tool: deploy}'");
        var history = new HistoryCondition(ReadPattern(call))
        {
            After = map.Map("after") is { } after ? ReadPattern(after) : null,
            Within = map.Duration("within"),
            OwnRunOnly = map.Choice<HistoryScope>("scope") == HistoryScope.Run,
            AtLeast = map.Whole("atLeast", 1) ?? 1,
            AtMost = map.Whole("atMost", 0),
        };
        if (map.Has("atLeast") && map.Has("atMost"))
        {
            throw map.Error("atMost", "'atLeast' and 'atMost' exclude each other", "write two entries");
        }

        map.Close();
        return history;
    }

    private PastCallPattern ReadPattern(YamlMap map)
    {
        var pattern = new PastCallPattern
        {
            Tool = Globs(map, "tool"),
            Effect = map.Choices<ToolEffect>("effect"),
            Data = Globs(map, "data"),
            Host = Globs(map, "host", ignoreCase: true),
            Succeeded = map.Flag("succeeded"),
        };
        map.Close();
        return pattern;
    }

    private enum HistoryScope
    {
        Tree,
        Run,
    }
}
