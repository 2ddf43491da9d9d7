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
    private readonly List<JoinedWrites> _handed = [];

    /// <inheritdoc/>
    public Task Written { get; private set; } = Task.CompletedTask;

    /// <summary>Gets whether there are any.</summary>
    public bool Any => _handed.Count > 0;

    /// <summary>Gets whether one of them is not written and will not be. Read on the writer's thread.</summary>
    public bool IsLost => _handed.Exists(static writes => writes.AreComplete == false);

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
        return Written;
    }

    /// <summary>Waits until all of them have come to an end.</summary>
    /// <returns>Why one of them failed; <see langword="null"/> if none did for whoever made it.</returns>
    [SuppressMessage("Design", "CA1031:Do not catch general exception types",
        Justification = "Whatever a step throws is its outcome.")]
    public async Task<Exception?> SettledAsync()
    {
        try
        {
            await WaitAsync().ConfigureAwait(false);
            return null;
        }
        catch (Exception error)
        {
            return error;
        }
    }

    private Task HandOverAsync(IReadOnlyList<Func<Task>> writes, int first)
    {
        var started = new List<Task>(writes.Count + 1) { Written };
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

        if (group.Count > 0)
        {
            JoinedWrites job = group.Take();
            _handed.Add(job);
            writer.AddBeforeAnother(job);
        }

        Written = started.Count == 1 ? Written : Task.WhenAll(started);
        return Task.CompletedTask;
    }

    private async Task WaitAndGoOnAsync(List<Task> started, IReadOnlyList<Func<Task>> writes, int next)
    {
        await Task.WhenAll(started).ConfigureAwait(false);
        await HandOverAsync(writes, next).ConfigureAwait(false);
    }
}
