using Microsoft.Extensions.Options;

namespace AgentFunctions.Gateway.Options;

/// <summary>Finds what is wrong with the section <c>Gateway</c>; each fault names its field and the remedy.</summary>
internal sealed class GatewayOptionsValidator : IValidateOptions<GatewayOptions>
{
    private const int MaxName = 64;

    public ValidateOptionsResult Validate(string? name, GatewayOptions options)
    {
        string[] faults =
        [
            .. Names("Quotas", options.Quotas.Select(static quota => quota.Name)),
            .. options.Quotas.SelectMany(static (quota, index) => Faults($"Gateway:Quotas:{index}", quota)),
            .. Faults("Gateway:Concurrency", options.Concurrency),
            .. Names("Access", options.Access.Select(static rule => rule.Name)),
            .. options.Access.SelectMany((rule, index) => Faults($"Gateway:Access:{index}", rule, options.Goals)),
            .. Names("Goals", options.Goals.Select(static goal => goal.Class)),
            .. options.Goals.SelectMany(static (goal, index) => Faults($"Gateway:Goals:{index}", goal)),
        ];
        return faults.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private static IEnumerable<string> Names(string list, IEnumerable<string?> names)
    {
        string field = list == "Goals" ? "Class" : "Name";
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach ((int index, string? name) in names.Index())
        {
            if (name is not { Length: > 0 and <= MaxName }
                || !name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
            {
                yield return $"Gateway:{list}:{index}:{field}: use letters, digits, '-', '_' and '.', at most {MaxName}; refusals name it.";
            }
            else if (!seen.Add(name))
            {
                yield return $"Gateway:{list}:{index}:{field}: '{name}' is there twice; give each its own.";
            }
        }
    }

    private static IEnumerable<string> Faults(string path, QuotaOptions quota)
    {
        if (quota.Caller is null == quota.Label is null)
        {
            yield return $"{path}:Caller: set either Caller (an id, or * for each caller) or Label (a name for each value, or name=value).";
        }

        if (quota.Label is { } label && !IsLabel(label))
        {
            yield return $"{path}:Label: use a label's name, or name=value.";
        }

        if (quota is { Runs: null, Steps: null, Tokens: null, Usd: null })
        {
            yield return $"{path}:Runs: set at least one of Runs, Steps, Tokens and Usd.";
        }

        foreach ((string field, decimal? value) in new (string, decimal?)[]
        {
            (nameof(quota.Runs), quota.Runs), (nameof(quota.Steps), quota.Steps), (nameof(quota.Tokens), quota.Tokens),
            (nameof(quota.Usd), quota.Usd),
        })
        {
            if (value <= 0)
            {
                yield return $"{path}:{field}: {value} is out of range; use more than 0, or leave it out.";
            }
        }
    }

    private static IEnumerable<string> Faults(string path, ConcurrencyOptions concurrency)
    {
        foreach ((string field, int? value) in new[]
        {
            (nameof(concurrency.Total), concurrency.Total), (nameof(concurrency.PerCaller), concurrency.PerCaller),
        })
        {
            if (value is < 1 or > ConcurrencyOptions.MaxTotal)
            {
                yield return $"{path}:{field}: {value} is out of range; use 1 to {ConcurrencyOptions.MaxTotal}, or leave it out.";
            }
        }

        foreach ((int index, LabelConcurrencyOptions label) in concurrency.Labels.Index())
        {
            if (label.Label is not { } name || !IsLabel(name))
            {
                yield return $"{path}:Labels:{index}:Label: use a label's name for a limit of each value, or name=value.";
            }

            if (label.Runs is < 1 or > ConcurrencyOptions.MaxTotal)
            {
                yield return $"{path}:Labels:{index}:Runs: {label.Runs} is out of range; use 1 to {ConcurrencyOptions.MaxTotal}.";
            }
        }

        if (concurrency.MaxQueued is < 0 or > ConcurrencyOptions.MostQueued)
        {
            yield return $"{path}:MaxQueued: {concurrency.MaxQueued} is out of range; use 0 to {ConcurrencyOptions.MostQueued}.";
        }

        if (concurrency.Ageing < TimeSpan.FromSeconds(1) || concurrency.Ageing > TimeSpan.FromDays(1))
        {
            yield return $"{path}:Ageing: {concurrency.Ageing} is out of range; use one second to one day.";
        }
    }

    private static IEnumerable<string> Faults(string path, AccessRuleOptions rule, IEnumerable<GoalClassOptions> goals)
    {
        if (rule.Callers.Count + rule.Roles.Count == 0)
        {
            yield return $"{path}:Callers: name callers (* for all) or Roles.";
        }

        foreach (string label in rule.Labels.Where(static label => !IsLabel(label)))
        {
            yield return $"{path}:Labels: '{label}' is not a valid label. Use a name, or name=value.";
        }

        foreach (string goal in rule.Goals.Where(goal => goals.All(known => known.Class != goal)))
        {
            yield return $"{path}:Goals: there is no class '{goal}' under Gateway:Goals; use one of those.";
        }
    }

    private static IEnumerable<string> Faults(string path, GoalClassOptions goal)
    {
        if (goal.Words.Count == 0 || goal.Words.Any(string.IsNullOrWhiteSpace))
        {
            yield return $"{path}:Words: name the words or phrases by which such a goal is known.";
        }
    }

    private static bool IsLabel(string label) => label.Length is > 0 and <= 321 && !label.StartsWith('=');
}
