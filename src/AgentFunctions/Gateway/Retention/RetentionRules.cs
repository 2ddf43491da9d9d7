using AgentFunctions.Core.Text;
using AgentFunctions.Gateway.Options;
using AgentFunctions.Runs;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Gateway.Retention;

/// <summary>
/// Says how long a run is kept. What the rules say when a run is admitted is pinned to it; rules that say more later win, and
/// rules that say less hold only for runs that are admitted then.
/// </summary>
internal sealed class RetentionRules(IOptions<RetentionOptions> options)
{
    /// <summary>The name of what holds where no rule fits.</summary>
    public const string DefaultName = "default";

    private readonly RetentionOptions _options = options.Value;

    /// <summary>Gets whether anything is ever deleted.</summary>
    public bool IsConfigured => _options.Rules.Count > 0 || _options.Default is not null || Audit is not null;

    /// <summary>Gets how long entries of the audit log are kept.</summary>
    public TimeSpan? Audit => Parse(_options.Audit);

    /// <summary>Gets how often what is due is looked for.</summary>
    public TimeSpan Sweep => _options.Sweep;

    /// <summary>Gets the shortest time after its end at which something of a run may be due.</summary>
    public TimeSpan? Shortest => _options.Rules.Append<RetentionTermsOptions?>(_options.Default).OfType<RetentionTermsOptions>()
        .SelectMany(static terms => new[] { Parse(terms.Content), Parse(terms.All) }).Append(Parse(_options.Workspaces)).Min();

    /// <summary>
    /// Gets what is pinned to a run that is admitted: the rules that may hold at its end. <see langword="null"/> if it is kept
    /// for ever.
    /// </summary>
    public IReadOnlyList<RetentionTerm>? Pin(RunRecord run)
    {
        var terms = new List<RetentionTerm>();
        foreach (RetentionRuleOptions rule in _options.Rules.Where(rule => Fits(rule, run)))
        {
            terms.Add(TermOf(rule.Name!, rule) with { Status = StatusOf(rule) });
            if (rule.Status is null)
            {
                return terms;
            }
        }

        if (_options.Default is { } other)
        {
            terms.Add(TermOf(DefaultName, other));
        }

        return terms.Count == 0 ? null : terms;
    }

    /// <summary>Gets how long a run is kept that has ended.</summary>
    /// <param name="run">The run.</param>
    /// <param name="status">How it ended.</param>
    public RetentionTerm? Of(RunRecord run, RunStatus status)
    {
        RetentionTerm? pinned = For(run.Retention, status);
        RetentionTerm? now = For(Pin(run), status);
        return pinned is null || now is null
            ? null
            : pinned with
            {
                Content = Longer(pinned.Content ?? pinned.All, now.Content ?? now.All),
                All = Longer(pinned.All, now.All)
            };
    }

    /// <summary>Gets how long the folder of a run is kept.</summary>
    public TimeSpan? OfWorkspace(RetentionTerm term) => Parse(_options.Workspaces) ?? term.Content;

    /// <summary>Reads a duration; <see langword="null"/> if there is none.</summary>
    public static TimeSpan? Parse(string? text) => text is not null && DurationText.TryParse(text, out TimeSpan duration)
        ? duration
        : null;

    /// <summary>Determines whether a run can end so.</summary>
    public static bool IsFinal(RunStatus status) =>
        status is RunStatus.Completed or RunStatus.Failed or RunStatus.Cancelled or RunStatus.BudgetExhausted;

    private static RetentionTerm? For(IReadOnlyList<RetentionTerm>? terms, RunStatus status) =>
        terms?.FirstOrDefault(term => term.Status is null || term.Status == status);

    private static TimeSpan? Longer(TimeSpan? one, TimeSpan? other) => one is null || other is null ? null : one > other
        ? one
        : other;

    private static RetentionTerm TermOf(string name, RetentionTermsOptions terms) =>
        new(name) { Content = Parse(terms.Content), All = Parse(terms.All) };

    private static RunStatus? StatusOf(RetentionRuleOptions rule) => rule.Status is null
        ? null
        : Enum.Parse<RunStatus>(rule.Status, true);

    private static bool Fits(RetentionRuleOptions rule, RunRecord run) =>
        (rule.Agent is null || rule.Agent == run.Agent)
            && (rule.Label is null || LabelSelector.Parse(rule.Label).ValueIn(run.Labels) is not null);
}
