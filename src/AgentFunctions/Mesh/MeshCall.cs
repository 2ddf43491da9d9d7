using System.Text.Json.Serialization;
using AgentFunctions.Storage;

namespace AgentFunctions.Mesh;

/// <summary>A task of another host's agent that a call started or continued.</summary>
/// <param name="Agent">The agent, as the configuration names it.</param>
/// <param name="TaskId">The task; empty until the agent has answered.</param>
/// <param name="Call">The key of the call.</param>
internal sealed record MeshCall(string Agent, string TaskId, string Call)
{
    /// <summary>
    /// Gets whether the call has ended with it. The record stays until the run's end: a crash may have the outcome asked for again
    /// before it is in the ledger.
    /// </summary>
    public bool IsOver { get; init; }

    /// <summary>Gets whether the call has ended with a question of the task, which waits for the answer.</summary>
    public bool Asks { get; init; }

    /// <summary>
    /// Gets the secret of the address at which the other host wakes the call; <see langword="null"/> if it has none.
    /// </summary>
    public string? Wake { get; init; }

    /// <summary>Gets how often the other host has woken it.</summary>
    public int Wakes { get; init; }

    /// <summary>Gets how often people here were asked because the task waits for people there.</summary>
    public int Asked { get; init; }

    /// <summary>Gets the hash of what the task waited for when they were asked last.</summary>
    public string? AskedOf { get; init; }

    /// <summary>Gets the question that is open; <see langword="null"/> for none.</summary>
    public string? Question { get; init; }
}

/// <summary>Keeps which tasks of other hosts the calls of a run have, one record a call.</summary>
internal sealed class MeshCalls(IRecordStore records)
{
    private readonly JsonRecords<MeshCall> _calls = new(records, MeshJsonContext.Default.MeshCall);

    /// <summary>Finds the task of a call; <see langword="null"/> if there is none.</summary>
    /// <param name="call">The key of the call, <c>run/turn/call</c>.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<MeshCall?> FindAsync(string call, CancellationToken cancellationToken) =>
        (await _calls.FindAsync(KeyOf(call), cancellationToken).ConfigureAwait(false))?.Value;

    /// <summary>Keeps the task of a call.</summary>
    /// <param name="call">The call.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public Task PutAsync(MeshCall call, CancellationToken cancellationToken) =>
        _calls.UpdateAsync(KeyOf(call.Call), _ => call, cancellationToken);

    /// <summary>Changes what is kept of a call; one that is forgotten stays so.</summary>
    /// <param name="call">The key of the call.</param>
    /// <param name="change">Returns the new value, or the same to leave it.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>The value from now on; <see langword="null"/> if there is none.</returns>
    public async Task<MeshCall?> ChangeAsync(string call, Func<MeshCall, MeshCall> change, CancellationToken cancellationToken)
    {
        while (await _calls.FindAsync(KeyOf(call), cancellationToken).ConfigureAwait(false) is (var known, var etag))
        {
            MeshCall after = change(known);
            if (ReferenceEquals(after, known)
                || await _calls.TryPutAsync(KeyOf(call), after, etag, cancellationToken).ConfigureAwait(false) is not null)
            {
                return after;
            }
        }

        return null;
    }

    /// <summary>Forgets the task of a call.</summary>
    /// <param name="call">The key of the call.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public Task RemoveAsync(string call, CancellationToken cancellationToken) =>
        records.DeleteAsync(KeyOf(call), default, cancellationToken);

    /// <summary>Marks the task of a call as one that the call has ended with.</summary>
    /// <param name="call">The key of the call.</param>
    /// <param name="asks">Whether the task waits for an answer.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public Task EndAsync(string call, bool asks, CancellationToken cancellationToken) =>
        ChangeAsync(call, before => before.IsOver ? before : before with { IsOver = true, Asks = asks }, cancellationToken);

    /// <summary>Lists the tasks of a run, those that its calls have ended with too.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<IReadOnlyList<MeshCall>> OfRunAsync(string runId, CancellationToken cancellationToken)
    {
        var found = new List<MeshCall>();
        await foreach (StoredRecord record in records.ListAsync($"mesh-calls/{runId}/", null, cancellationToken)
            .ConfigureAwait(false))
        {
            found.Add(_calls.Read(record));
        }

        return found;
    }

    private static string KeyOf(string call) => $"mesh-calls/{call}";
}

/// <summary>Source-generated JSON of the mesh.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(MeshCall))]
internal sealed partial class MeshJsonContext : JsonSerializerContext;
