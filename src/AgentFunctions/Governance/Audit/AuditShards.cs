using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using AgentFunctions.Keys;

namespace AgentFunctions.Governance.Audit;

/// <summary>
/// The parts of the audit log: one for what concerns no run, a fixed number for runs, and the chain of heads that joins them.
/// Where an entry is written is where it is looked for later, so nothing here may ever change.
/// </summary>
internal static class AuditShards
{
    /// <summary>How many parts the entries of runs are spread over.</summary>
    public const int Count = 64;

    /// <summary>
    /// How many of them the runs of one tree are spread over: a swarm does not queue on one, and its tree is not sought in all.
    /// </summary>
    public const int Spread = 8;

    /// <summary>The longest id that is hashed without memory of its own, in bytes; hardly any is longer.</summary>
    private const int MostOnStack = 256;

    /// <summary>The chain of heads.</summary>
    public const string Heads = "heads";

    /// <summary>Gets the names of the parts that hold entries of runs, in order.</summary>
    public static IReadOnlyList<string> OfRuns { get; } = [.. Enumerable.Range(0, Count).Select(Name)];

    /// <summary>Gets the part that an entry belongs to; <see langword="null"/> for the host's own.</summary>
    public static string? Of(AuditEntry entry) => entry.RunId is not null || entry.RootId is not null
        ? Of(entry.RootId ?? TreeKeys.RootOf(entry.RunId), entry.RunId ?? entry.RootId!)
        : null;

    /// <summary>Gets the parts that the entries of a run are in, and of the tree below it if it is a root.</summary>
    public static IReadOnlyList<string> OfRun(string run)
    {
        string root = TreeKeys.RootOf(run);
        return root == run
            ? [.. Enumerable.Range(Home(root), Spread).Select(static number => Name(number % Count))]
            : [Of(root, run)];
    }

    /// <summary>Gets the name of the stream of a part.</summary>
    public static string StreamOf(string? shard) => shard is null ? AuditLog.Stream : AuditLog.Shards + shard;

    /// <summary>Gets the name of the head of a part.</summary>
    public static string HeadOf(string? shard) => shard is null ? AuditLog.HeadName : $"{AuditLog.HeadName}-{shard}";

    /// <summary>Determines whether a part is known by this name.</summary>
    public static bool IsName(string shard) => shard == Heads
        || (shard.Length == 2 && int.TryParse(shard, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int number)
            && number < Count && Name(number) == shard);

    private static string Of(string root, string run) =>
        Name((Home(root) + (run == root ? 0 : (int)(Number(run) % Spread))) % Count);

    private static int Home(string root) => (int)(Number(root) % Count);

    private static uint Number(string id)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        int length = Encoding.UTF8.GetMaxByteCount(id.Length);
        Span<byte> bytes = length <= MostOnStack ? stackalloc byte[MostOnStack] : new byte[length];
        SHA256.HashData(bytes[..Encoding.UTF8.GetBytes(id, bytes)], hash);
        return System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(hash);
    }

    private static string Name(int number) => number.ToString("x2", CultureInfo.InvariantCulture);
}
