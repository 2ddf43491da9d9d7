using AgentFunctions.Core.Text;
using AgentFunctions.Gateway.Options;
using AgentFunctions.Runs;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Gateway.Retention;

/// <summary>Finds what is wrong with the section <c>Retention</c>; each fault names its field and the remedy.</summary>
internal sealed class RetentionOptionsValidator : IValidateOptions<RetentionOptions>
{
    private const int MaxName = 64;

    public ValidateOptionsResult Validate(string? name, RetentionOptions options)
    {
        string[] faults =
        [
            .. options.Rules.SelectMany((rule, index) => Faults($"Retention:Rules:{index}", rule, options)),
            .. options.Default is { } terms ? TermFaults("Retention:Default", terms) : [],
            .. Duration("Retention:Workspaces", options.Workspaces),
            .. Duration("Retention:Audit", options.Audit),
            .. options.Sweep < TimeSpan.FromMinutes(1) || options.Sweep > TimeSpan.FromDays(1)
                ? new[] { "Retention:Sweep: use a time from 00:01:00 to 1.00:00:00." }
                : [],
        ];
        return faults.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private static IEnumerable<string> Faults(string place, RetentionRuleOptions rule, RetentionOptions options)
    {
        if (rule.Name is not { Length: > 0 and <= MaxName }
            || !rule.Name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
        {
            yield return $"{place}:Name: use letters, digits, '-', '_' and '.', at most {MaxName}.";
        }
        else if (rule.Name == RetentionRules.DefaultName || options.Rules.Count(other => other.Name == rule.Name) > 1)
        {
            yield return $"{place}:Name: '{rule.Name}' is there twice, or stands for the default; give each rule its own.";
        }

        if (rule.Status is { } status && !(Enum.TryParse(status, true, out RunStatus known) && RetentionRules.IsFinal(known)))
        {
            yield return $"{place}:Status: '{status}' is not a final status. Use completed, failed, cancelled or budgetExhausted.";
        }

        foreach (string fault in TermFaults(place, rule))
        {
            yield return fault;
        }
    }

    private static IEnumerable<string> TermFaults(string place, RetentionTermsOptions terms) =>
    [
        .. Duration($"{place}:Content", terms.Content),
        .. Duration($"{place}:All", terms.All),
        .. RetentionRules.Parse(terms.Content) > RetentionRules.Parse(terms.All)
            ? new[] { $"{place}:Content: this is longer than All, with which the content goes too; make it shorter, or leave it out." } : [],
    ];

    private static IEnumerable<string> Duration(string place, string? text)
    {
        if (text is not null && !(DurationText.TryParse(text, out TimeSpan duration) && duration > TimeSpan.Zero))
        {
            yield return $"{place}: '{text}' is not a duration. Use P30D, P1Y or 12h.";
        }
    }
}
