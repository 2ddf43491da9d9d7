namespace AgentFunctions;

/// <summary>Who calls: a person or a program that the host has recognised.</summary>
/// <param name="Id">Its name, unique on this host: <c>key:deployer</c>, <c>user:anna@corp.example</c>.</param>
public sealed record Caller(string Id)
{
    /// <summary>Its roles: some of <see cref="CallerRoles"/>, and any names of the host's own that rules and approvals use.</summary>
    public IReadOnlyList<string> Roles { get; init; } = [];

    /// <summary>Gets who calls on a host that knows no callers: whoever can reach it, with every role.</summary>
    public static Caller Local { get; } = new("local") { Roles = [CallerRoles.Admin, CallerRoles.Any] };

    /// <summary>Whether the caller has a role.</summary>
    /// <param name="role">The role.</param>
    public bool Has(string role) => Roles.Contains(role, StringComparer.Ordinal) || Roles.Contains(CallerRoles.Any, StringComparer.Ordinal);
}

/// <summary>The roles that the host itself knows.</summary>
public static class CallerRoles
{
    /// <summary>May submit runs, and see and steer its own.</summary>
    public const string Submitter = "submitter";

    /// <summary>May see every run.</summary>
    public const string Viewer = "viewer";

    /// <summary>May steer every run, and use the kill switch.</summary>
    public const string Operator = "operator";

    /// <summary>May decide approvals that name no other role.</summary>
    public const string Approver = "approver";

    /// <summary>May read the audit log.</summary>
    public const string Auditor = "auditor";

    /// <summary>May do everything but approve, which takes the role that an approval names.</summary>
    public const string Admin = "admin";

    /// <summary>Stands for every role; for the local caller alone.</summary>
    internal const string Any = "*";
}
