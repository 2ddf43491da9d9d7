using AgentFunctions.AspNetCore.Http;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.Policies;
using Microsoft.AspNetCore.Http;

namespace AgentFunctions.AspNetCore.Governance;

/// <summary>The entries of the audit log that a request asks for, and how they are shown.</summary>
internal sealed record AuditQuery(string? Type, PolicyVerdict? Verdict, string? Tool, string? Actor, bool Newest, bool Text)
{
    /// <summary>Only entries of this time and later.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Only entries of this time and earlier.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>What of it is found without reading other entries.</summary>
    public AuditFilter Filter => new() { Types = Type is null ? [] : [Type], Tool = Tool, Actor = Actor };

    public bool IsFilter => Type is not null || Verdict is not null || Tool is not null || Actor is not null
        || Since is not null || Until is not null;

    public static AuditQuery Of(IQueryCollection query) => new(
        query.Text("type"), query.Member<PolicyVerdict>("verdict"), query.Text("tool"), query.Text("actor"),
        query.Flag("newest", false), query.Flag("text", false))
    {
        Since = query.Time("since"),
        Until = query.Time("until"),
    };

    public bool Matches(AuditEntry entry) => (Type is null || entry.Type == Type) && (Verdict is null || entry.Verdict == Verdict)
        && (Tool is null || entry.Tool == Tool) && (Actor is null || entry.Actor == Actor)
        && !(entry.At < Since) && !(entry.At > Until);
}
