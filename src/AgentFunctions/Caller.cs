namespace AgentFunctions;

/// <summary>Represents a caller: a person or program that the host has authenticated.</summary>
/// <param name="Id">Its name, unique on this host: <c>key:deployer</c>, <c>user:anna@corp.example</c>.</param>
public sealed record Caller(string Id)
{
    /// <summary>
    /// Gets its roles: some of <see cref="CallerRoles"/>, and any names of the host's own that rules and approvals use.
    /// </summary>
    public IReadOnlyList<string> Roles { get; init; } = [];

    /// <summary>
    /// Gets the door that the caller comes through; <see langword="null"/> for the HTTP API and for programs. Grants nothing.
    /// </summary>
    public CallerDoor? Door { get; init; }

    /// <summary>
    /// Gets who acts on the caller's behalf, the nearest first: the runs of another host that its token names. Empty by default.
    /// Grants nothing.
    /// </summary>
    public IReadOnlyList<string> Actors { get; init; } = [];

    /// <summary>Gets whether a run calls, by one of its tools. No caller from outside is one, whatever its id.</summary>
    internal bool IsRun { get; init; }

    /// <summary>Gets a run as a caller: a lead agent that answers its sub-agents.</summary>
    /// <param name="runId">The run.</param>
    internal static Caller OfRun(string runId) => new($"run:{runId}") { IsRun = true };

    /// <summary>Gets who calls on a host that knows no callers: whoever can reach it, with every role.</summary>
    public static Caller Local { get; } = new("local") { Roles = [CallerRoles.Admin, CallerRoles.Any] };

    /// <summary>Determines whether the caller has a role.</summary>
    /// <param name="role">The role.</param>
    public bool Has(string role) => Roles.Contains(role, StringComparer.Ordinal)
        || Roles.Contains(CallerRoles.Any, StringComparer.Ordinal);
}

/// <summary>Names the roles that the host itself knows.</summary>
public static class CallerRoles
{
    /// <summary>Allows a caller to submit runs, and to see and steer its own.</summary>
    public const string Submitter = "submitter";

    /// <summary>Allows a caller to see every run.</summary>
    public const string Viewer = "viewer";

    /// <summary>Allows a caller to steer every run, and to use the kill switch.</summary>
    public const string Operator = "operator";

    /// <summary>Allows a caller to decide approvals that name no other role.</summary>
    public const string Approver = "approver";

    /// <summary>Allows a caller to read the audit log.</summary>
    public const string Auditor = "auditor";

    /// <summary>Allows a caller everything but to approve, which takes the role that an approval names.</summary>
    public const string Admin = "admin";

    /// <summary>Stands for every role; for the local caller alone.</summary>
    internal const string Any = "*";
}
