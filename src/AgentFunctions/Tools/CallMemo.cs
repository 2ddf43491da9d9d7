using AgentFunctions.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tools;

/// <summary>
/// A few bytes that a tool keeps durably before it acts, so that its probe can tell after a crash what took place.
/// </summary>
/// <remarks>Kept as the record <c>memos/run/turn/call</c> where the host has an <see cref="IRecordStore"/>.</remarks>
internal static class CallMemo
{
    /// <summary>Whether the host can keep memos.</summary>
    /// <param name="context">The call.</param>
    public static bool IsAvailable(ToolContext context) => context.Services.GetService<IRecordStore>() is not null;

    /// <summary>Keeps a call's memo; it is durable on return. Does nothing where the host cannot.</summary>
    /// <param name="context">The call.</param>
    /// <param name="memo">The bytes.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public static async Task SaveAsync(ToolContext context, ReadOnlyMemory<byte> memo, CancellationToken cancellationToken)
    {
        if (context.Services.GetService<IRecordStore>() is { } records)
        {
            await records.PutAsync(Key(context), memo, default, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>A call's memo, or <see langword="null"/>.</summary>
    /// <param name="context">The call.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public static async Task<ReadOnlyMemory<byte>?> ReadAsync(ToolContext context, CancellationToken cancellationToken)
    {
        StoredRecord? record = context.Services.GetService<IRecordStore>() is { } records
            ? await records.GetAsync(Key(context), cancellationToken).ConfigureAwait(false)
            : null;
        return record?.Value;
    }

    private static string Key(ToolContext context) => $"memos/{context.RunId}/{context.Turn:D6}/{context.Call:D4}";
}
