using System.Collections.Immutable;
using System.Globalization;

namespace AgentFunctions.Governance.Audit;

/// <summary>
/// Represents a place in the list of all entries: how many entries of each part lie before it. What is added later lies after it,
/// whatever the clock of the instance said that added it.
/// </summary>
public sealed class AuditCursor
{
    /// <summary>The longest text of a cursor.</summary>
    internal const int MaxLength = 2_048;

    private readonly ImmutableSortedDictionary<string, long> _next;

    private AuditCursor(ImmutableSortedDictionary<string, long> next) => _next = next;

    /// <summary>Gets the beginning of the list.</summary>
    public static AuditCursor Start { get; } = new(ImmutableSortedDictionary.Create<string, long>(StringComparer.Ordinal));

    /// <summary>Makes a cursor of the numbers of entries that lie before it in each part.</summary>
    internal static AuditCursor Of(IEnumerable<(string? Shard, long Position)> parts) => new(
        parts.Where(static part => part.Position > 0)
            .ToImmutableSortedDictionary(static part => part.Shard ?? "", static part => part.Position, StringComparer.Ordinal));

    /// <summary>Reads a cursor.</summary>
    /// <param name="text">What <see cref="ToString"/> returned.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.InvalidInput"/>: the text is no cursor.</exception>
    public static AuditCursor Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        ImmutableSortedDictionary<string, long>.Builder next = Start._next.ToBuilder();
        foreach (string part in text.Length > MaxLength ? [""] : text.Split('_'))
        {
            int dash = part.IndexOf('-', StringComparison.Ordinal);
            string shard = dash < 0 ? "" : part[..dash];
            if (dash == 0 || !long.TryParse(part.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture,
                out long position)
                || (shard.Length > 0 && (shard == AuditShards.Heads || !AuditShards.IsName(shard)))
                || !next.TryAdd(shard, position))
            {
                throw new AgentException(ErrorCode.InvalidInput, "after: use a cursor that the API gave.");
            }
        }

        return new AuditCursor(next.ToImmutable());
    }

    /// <summary>Gets the place after an entry.</summary>
    /// <param name="entry">An entry that was listed from here.</param>
    public AuditCursor Past(AuditEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        return new AuditCursor(_next.SetItem(entry.Shard ?? "", entry.Seq + 1));
    }

    /// <summary>Gets the text of the cursor: letters, digits, <c>-</c> and <c>_</c>.</summary>
    public override string ToString() => _next.Count == 0 ? "0" : string.Join('_', _next.Select(static part =>
        string.Create(CultureInfo.InvariantCulture, $"{part.Key}{(part.Key.Length > 0 ? "-" : "")}{part.Value}")));

    internal long Of(string? shard) => _next.GetValueOrDefault(shard ?? "");
}
