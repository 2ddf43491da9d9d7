namespace AgentFunctions.Governance.Policies;

/// <summary>Represents the terms under which people may answer what a run asks.</summary>
public sealed record AnswerTerms
{
    /// <summary>The name that stands in <see cref="Roles"/> for whoever asked for the run.</summary>
    public const string Requester = "requester";

    /// <summary>The name that stands in <see cref="Roles"/> for the lead agent of a sub-agent.</summary>
    internal const string LeadAgent = "lead-agent";

    /// <summary>
    /// Gets who may answer: roles, and <c>requester</c> for whoever asked for the run; <c>requester</c> and <c>approver</c> by
    /// default.
    /// </summary>
    public IReadOnlyList<string> Roles { get; init; } = [Requester, CallerRoles.Approver];

    /// <summary>Gets how often those who may answer are told again; an hour by default.</summary>
    public TimeSpan Remind { get; init; } = TimeSpan.FromHours(1);

    /// <summary>
    /// Gets after which time, or at the first reminder if nobody could be told, <see cref="EscalateTo"/> may answer too and is
    /// told; four hours by default.
    /// </summary>
    public TimeSpan EscalateAfter { get; init; } = TimeSpan.FromHours(4);

    /// <summary>Gets the roles that an escalation adds; <c>admin</c> by default.</summary>
    public IReadOnlyList<string> EscalateTo { get; init; } = [CallerRoles.Admin];

    /// <summary>Gets after which time a question that nobody answered expires; two days by default.</summary>
    public TimeSpan Expires { get; init; } = TimeSpan.FromDays(2);

    /// <summary>Gets what becomes of a question that expires; the agent is told by default.</summary>
    public QuestionExpiry OnExpiry { get; init; }

    /// <summary>
    /// Gets whether protocols that carry runs may carry the question, beside the API, the dashboard and the program; true by
    /// default.
    /// </summary>
    public bool InBand { get; init; } = true;
}

/// <summary>Specifies what becomes of a question that nobody answered in time. Silence never answers for a person.</summary>
public enum QuestionExpiry
{
    /// <summary>The agent is told that nobody answered.</summary>
    Tell,

    /// <summary>The defaults of the form are taken, and the agent is told that nobody gave them.</summary>
    Default,

    /// <summary>The call fails.</summary>
    Fail,
}
