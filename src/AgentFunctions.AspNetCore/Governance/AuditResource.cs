using System.Text.Json.Serialization;
using AgentFunctions.Governance.Audit;

namespace AgentFunctions.AspNetCore.Governance;

/// <summary>A page of the audit log.</summary>
/// <param name="Items">The entries, oldest first.</param>
/// <param name="Next">The <c>from</c> of the next page; absent at the end, and where a cursor was given.</param>
/// <param name="Cursor">The <c>after</c> of the next page; absent at the end.</param>
internal sealed record AuditListResource(IReadOnlyList<AuditEntry> Items, long? Next, string? Cursor = null)
{
    /// <summary>With text=true: each entry in a sentence, in the order of the entries.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Text { get; init; }
}
