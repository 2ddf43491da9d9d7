using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using AgentFunctions.Storage;

namespace AgentFunctions.AspNetCore.Doors.Shared;

/// <summary>
/// Remembers requests without a key while their runs are being admitted, so that one that its client repeats meanwhile starts no
/// second run. The record is there from before the admission until the run can be found.
/// </summary>
internal sealed class PendingRequests(IRecordStore records, TimeProvider time)
{
    /// <summary>How long a client repeats a request whose answer it did not get.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    /// <summary>Gets the key of the newest such request that is being admitted, or enters this one.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="hash">The hash of the body.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>The key, and whether this request was entered.</returns>
    public async Task<(string Key, bool IsNew)> JoinAsync(Caller caller, string hash, CancellationToken cancellationToken)
    {
        string name = NameOf(caller, hash);
        while (true)
        {
            StoredRecord? record = await records.GetAsync(name, cancellationToken);
            if (record is not null && Encoding.UTF8.GetString(record.Value.Span).Split(' ') is [var known, var at]
                && DateTimeOffset.TryParse(at, CultureInfo.InvariantCulture, out DateTimeOffset since)
                && since > time.GetUtcNow() - Longest)
            {
                return (known, false);
            }

            string key = NewKey();
            try
            {
                RecordCondition condition = record is null ? RecordCondition.IfNew : RecordCondition.IfMatch(record.Etag);
                await records.PutAsync(name, Value(key), condition, cancellationToken);
                return (key, true);
            }
            catch (AgentException e) when (e.Code == ErrorCode.EtagConflict)
            {
                // Another repeat was first.
            }
        }
    }

    /// <summary>Enters a request.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="hash">The hash of the body.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>Its key.</returns>
    public async Task<string> EnterAsync(Caller caller, string hash, CancellationToken cancellationToken)
    {
        string key = NewKey();
        await records.PutAsync(NameOf(caller, hash), Value(key), default, cancellationToken);
        return key;
    }

    /// <summary>Forgets a request whose run can be found, or was refused; one that was entered since stays.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="hash">The hash of the body.</param>
    /// <param name="key">Its key.</param>
    public async Task LeaveAsync(Caller caller, string hash, string key)
    {
        string name = NameOf(caller, hash);
        try
        {
            if (await records.GetAsync(name, CancellationToken.None) is { } record
                && Encoding.UTF8.GetString(record.Value.Span).StartsWith(key, StringComparison.Ordinal))
            {
                await records.DeleteAsync(name, RecordCondition.IfMatch(record.Etag), CancellationToken.None);
            }
        }
        catch (AgentException e) when (e.Code == ErrorCode.EtagConflict)
        {
            // Another request with the same body was entered.
        }
    }

    private static string NewKey() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    private byte[] Value(string key) => Encoding.UTF8.GetBytes($"{key} {time.GetUtcNow():O}");

    private static string NameOf(Caller caller, string hash) =>
        $"door-requests/{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{caller.Id}\n{hash}")))}";
}
