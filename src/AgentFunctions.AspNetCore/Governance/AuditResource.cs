using System.Text.Json.Serialization;
using AgentFunctions.Governance.Audit;

namespace AgentFunctions.AspNetCore.Governance;

/// <summary>A page of the audit log.</summary>
/// <param name="Items">The entries, oldest first.</param>
/// <param name="Next">The <c>from</c> of the next page; null at the end, and if a cursor or a filter was given.</param>
/// <param name="Cursor">The <c>after</c> of the next page; null at the end, and for the newest entries.</param>
internal sealed record AuditListResource(IReadOnlyList<AuditEntry> Items, long? Next, string? Cursor = null)
{
    /// <summary>With text=true: each entry in a sentence, in the order of the entries.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Text { get; init; }
}
