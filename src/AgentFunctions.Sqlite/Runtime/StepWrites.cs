using System.Diagnostics.CodeAnalysis;
using AgentFunctions.Durability;
using AgentFunctions.Sqlite.Database;

namespace AgentFunctions.Sqlite.Runtime;

/// <summary>
/// The last writes of one step. They are in the writer's queue before the turn that takes in the step's result, mostly in the same
/// transaction, and that turn is recorded only if they are.
/// </summary>
/// <param name="writer">The writer.</param>
internal sealed class StepWrites(Writer writer) : IStepWrites
{
    private List<JoinedWrites>? _handed;
    private Task _written = Task.CompletedTask;
    private Func<Exception, Task>? _tell;

    /// <summary>Gets whether there are any.</summary>
    public bool Any => _handed is not null;

    /// <summary>Gets whether one of them is not written and will not be, of those that were tried.</summary>
    public bool IsLost => _handed?.Exists(static writes => writes.IsLost) == true;

    /// <inheritdoc/>
    public Task HandOverAsync(IReadOnlyList<Func<Task>> writes)
    {
        ArgumentNullException.ThrowIfNull(writes);
        return HandOverAsync(writes, 0);
    }

    /// <inheritdoc/>
    public Task WaitAsync()
    {
        writer.Wake();
        return _written;
    }

    /// <inheritdoc/>
    public void IfLost(Func<Exception, Task> tell) => _tell = tell;

    /// <summary>Waits until those who made the writes have heard what became of them, and tells of a failure.</summary>
    /// <returns>Why the step has failed; <see langword="null"/> if whoever made a write coped with what became of it.</returns>
    [SuppressMessage("Design", "CA1031:Do not catch general exception types",
        Justification = "Whatever a step throws is its outcome.")]
    public async Task<Exception?> SettleAsync()
    {
        try
        {
            await WaitAsync().ConfigureAwait(false);
            return null;
        }
        catch (Exception error)
        {
            if (_tell is { } tell)
            {
                try
                {
                    await tell(error).ConfigureAwait(false);
                }
                catch (Exception)
                {
                    // What cannot be told is on record as the failure of the step.
                }
            }

            return error;
        }
    }

    private Task HandOverAsync(IReadOnlyList<Func<Task>> writes, int first)
    {
        var started = new List<Task>(writes.Count + 1) { _written };
        using WriteGroup group = writer.BeginGroup();
        for (int index = first; index < writes.Count; index++)
        {
            int held = group.Count;
            Task write = writes[index]();
            if (!write.IsCompletedSuccessfully)
            {
                started.Add(write);
                if (group.Count == held)
                {
                    group.Dispose();
                    return WaitAndGoOnAsync(started, writes, index + 1);
                }
            }
        }

        if (group.HandOver() is { } job)
        {
            (_handed ??= []).Add(job);
        }

        _written = started.Count == 1 ? _written : Task.WhenAll(started);
        return Task.CompletedTask;
    }

    private async Task WaitAndGoOnAsync(List<Task> started, IReadOnlyList<Func<Task>> writes, int next)
    {
        writer.Wake();
        await Task.WhenAll(started).ConfigureAwait(false);
        await HandOverAsync(writes, next).ConfigureAwait(false);
    }
}
