using System.Text.Json;
using AgentFunctions.Core.Yaml;

namespace AgentFunctions.Governance.Policies;

/// <summary>One policy file: what it says about rules, data labels, risks and defaults.</summary>
internal sealed record PolicyFile
{
    public required string Path { get; init; }

    public IReadOnlyList<PolicyRule> Rules { get; init; } = [];

    public IReadOnlyList<DataLabelRule> Labels { get; init; } = [];

    public IReadOnlyList<RiskRule> Risks { get; init; } = [];

    public IReadOnlyList<UnknownOutcomeRule> UnknownOutcomes { get; init; } = [];

    public IReadOnlyDictionary<ToolEffect, PolicyVerdict> Defaults { get; init; } = new Dictionary<ToolEffect, PolicyVerdict>();

    /// <summary>Gets whether any condition looks at earlier calls.</summary>
    public bool ReadsHistory { get; init; }

    /// <summary>Gets whether any condition looks at the run's plan.</summary>
    public bool ReadsPlan { get; init; }

    /// <summary>Gets whether any condition looks at arguments.</summary>
    public bool ReadsArguments { get; init; }

    /// <summary>Gets the folders that conditions name.</summary>
    public IReadOnlyList<string> Folders { get; init; } = [];

    /// <summary>Reads a file's text.</summary>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/>: the message names file, line and remedy.
    /// </exception>
    public static PolicyFile Parse(string text, string path)
    {
        YamlMap root = YamlMap.Parse(text, path);
        var conditions = new PolicyConditionReader(ReadLists(root));
        var file = new PolicyFile
        {
            Path = path,
            Defaults = ReadDefaults(root),
            Labels = [.. root.Maps("data").Select(map => ReadLabel(map, conditions))],
            Risks = [.. root.Maps("risks").Select(map => ReadRisk(map, conditions))],
            UnknownOutcomes = [.. root.Maps("unknownOutcomes").Select(map => ReadUnknownOutcome(map, conditions))],
            Rules = [.. root.Maps("rules").Select(map => ReadRule(map, conditions))],
        };
        root.Close();
        return file with
        {
            ReadsHistory = conditions.ReadsHistory,
            ReadsPlan = conditions.ReadsPlan,
            ReadsArguments = conditions.ReadsArguments,
            Folders = conditions.Folders
        };
    }

    private static Dictionary<string, IReadOnlyList<string>> ReadLists(YamlMap root)
    {
        var lists = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        if (root.Map("lists") is { } map)
        {
            foreach (string name in map.Keys)
            {
                lists[name] = map.Texts(name)!;
            }

            map.Close();
        }

        return lists;
    }

    private static Dictionary<ToolEffect, PolicyVerdict> ReadDefaults(YamlMap root)
    {
        var defaults = new Dictionary<ToolEffect, PolicyVerdict>();
        if (root.Map("defaults") is { } map)
        {
            foreach (ToolEffect effect in Enum.GetValues<ToolEffect>())
            {
                if (map.Choice<PolicyVerdict>(JsonNamingPolicy.CamelCase.ConvertName(effect.ToString())) is { } verdict)
                {
                    defaults[effect] = verdict;
                }
            }

            map.Close();
        }

        return defaults;
    }

    private static DataLabelRule ReadLabel(YamlMap map, PolicyConditionReader conditions)
    {
        var rule = new DataLabelRule(map.RequiredText("label", "name the kind of data, for instance confidential"),
            When(map, conditions));
        map.Close();
        return rule;
    }

    private static RiskRule ReadRisk(YamlMap map, PolicyConditionReader conditions)
    {
        RiskLevel risk = map.Choice<RiskLevel>("risk") ?? throw map.Error("'risk' is missing", "write low, medium or high");
        var rule = new RiskRule(risk, When(map, conditions));
        map.Close();
        return rule;
    }

    private static UnknownOutcomeRule ReadUnknownOutcome(YamlMap map, PolicyConditionReader conditions)
    {
        string name = map.RequiredText("name", "give the rule a name: the question shows it");
        UnknownOutcomeAnswer answer = map.Choice<UnknownOutcomeAnswer>("then")
            ?? throw map.Error("'then' is missing", "write ask or tell");
        Only(map, "approval", answer == UnknownOutcomeAnswer.Ask, "then: ask");
        foreach (string key in (ReadOnlySpan<string>)["history", "planStep"])
        {
            if (map.Map("when")?.Has(key) == true)
            {
                throw map.Error("when", $"'{key}' has no meaning here",
                    "go by the call itself, for instance 'when: {tool: deploy}'");
            }
        }

        ApprovalTerms terms = map.Map("approval") is { } approval ? ReadTerms(approval) : new ApprovalTerms();
        var rule = new UnknownOutcomeRule(name, When(map, conditions), answer == UnknownOutcomeAnswer.Ask ? terms : null);
        map.Close();
        return rule;
    }

    private static PolicyRule ReadRule(YamlMap map, PolicyConditionReader conditions)
    {
        string name = map.RequiredText("name", "give the rule a name: refusals show it");
        PolicyVerdict verdict = map.Choice<PolicyVerdict>("then")
            ?? throw map.Error("'then' is missing", "write allow, deny or ask");
        Only(map, "approval", verdict == PolicyVerdict.Ask, "then: ask");
        Only(map, "answer", verdict == PolicyVerdict.Allow, "then: allow");
        Only(map, "set", verdict == PolicyVerdict.Allow, "then: allow");
        Only(map, "atMost", verdict == PolicyVerdict.Allow, "then: allow");
        Only(map, "timeout", verdict == PolicyVerdict.Allow, "then: allow");
        Only(map, "resultLimit", verdict == PolicyVerdict.Allow, "then: allow");
        if (verdict == PolicyVerdict.Deny && !map.Has("reason"))
        {
            throw map.Error("'reason' is missing", "tell the model why, and what it may do instead");
        }

        var rule = new PolicyRule(name, When(map, conditions), map.Map("unless") is { } unless ? conditions.Read(unless) : null,
            new PolicyAnswer(verdict)
            {
                Reason = map.Text("reason"),
                Approval = map.Map("approval") is { } approval ? ReadTerms(approval) : null,
                Answer = map.Map("answer") is { } terms ? ReadAnswerTerms(terms) : null,
                Set = ReadValues(map, "set", static (values, name) => values.Json(name)),
                AtMost = ReadValues(map, "atMost", static (values, name) => values.Number(name)!.Value),
                Timeout = map.Duration("timeout"),
                ResultLimit = map.Whole("resultLimit", 1),
            })
        {
            NamesTools = map.Map("when")!.Has("tool"),
        };
        map.Close();
        return rule;
    }

    private static PolicyCondition When(YamlMap map, PolicyConditionReader conditions) =>
        conditions.Read(map.Map("when")
            ?? throw map.Error("'when' is missing", "say when it applies, for instance 'when: {tool: deploy}'"));

    private static void Only(YamlMap map, string key, bool fits, string needed)
    {
        if (map.Has(key) && !fits)
        {
            throw map.Error(key, $"'{key}' has no meaning here", $"write '{needed}', or leave it out");
        }
    }

    private static Dictionary<string, T> ReadValues<T>(YamlMap rule, string key, Func<YamlMap, string, T> read)
    {
        YamlMap? map = rule.Map(key);
        var values = new Dictionary<string, T>(StringComparer.Ordinal);
        foreach (string name in map?.Keys ?? [])
        {
            if (name.AsSpan().ContainsAny('.', '*'))
            {
                throw map!.Error(name, $"{key}: '{name}' is a path, and '{key}' changes arguments by name alone",
                    "name the argument itself, or write a rule with 'then: deny' or 'then: ask' and the path under 'arguments'");
            }

            values[name] = read(map!, name);
        }

        return values;
    }

    private static ApprovalTerms ReadTerms(YamlMap map)
    {
        var standard = new ApprovalTerms();
        var terms = new ApprovalTerms
        {
            Roles = map.Texts("roles") ?? standard.Roles,
            Count = map.Whole("count", 1) ?? standard.Count,
            NotRequester = map.Flag("notRequester") ?? standard.NotRequester,
            Expires = map.Duration("expires") ?? standard.Expires,
            Remind = map.Duration("remind") ?? standard.Remind,
            EscalateAfter = map.Duration("escalateAfter") ?? standard.EscalateAfter,
            EscalateTo = map.Texts("escalateTo") ?? standard.EscalateTo,
            IsOutOfBand = map.Flag("inBand") is false,
        };
        map.Close();
        return terms;
    }

    private static AnswerTerms ReadAnswerTerms(YamlMap map)
    {
        var standard = new AnswerTerms();
        var terms = new AnswerTerms
        {
            Roles = map.Texts("roles") ?? standard.Roles,
            Remind = map.Duration("remind") ?? standard.Remind,
            EscalateAfter = map.Duration("escalateAfter") ?? standard.EscalateAfter,
            EscalateTo = map.Texts("escalateTo") ?? standard.EscalateTo,
            Expires = map.Duration("expires") ?? standard.Expires,
            OnExpiry = map.Choice<QuestionExpiry>("onExpiry") ?? standard.OnExpiry,
            InBand = map.Flag("inBand") ?? standard.InBand,
        };
        if (terms.Roles.Union(terms.EscalateTo).Contains(AnswerTerms.LeadAgent, StringComparer.Ordinal))
        {
            throw map.Error("roles", $"'{AnswerTerms.LeadAgent}' is no role of people",
                "leave it out; a sub-agent may ask its lead agent in any case");
        }

        map.Close();
        return terms;
    }
}
