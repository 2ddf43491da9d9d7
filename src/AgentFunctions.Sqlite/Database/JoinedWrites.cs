namespace AgentFunctions.Sqlite.Database;

/// <summary>Writes that are on disk together or not at all; one that is rejected is left out.</summary>
/// <param name="jobs">The writes, in their order.</param>
internal sealed class JoinedWrites(IReadOnlyList<WriteJob> jobs) : WriteJob
{
    private Dictionary<WriteJob, AgentException>? _rejected;

    /// <summary>
    /// Gets whether all of them are written, in the transaction that is under way or an earlier one; <see langword="null"/> while
    /// none was tried. Read on the writer's thread.
    /// </summary>
    public bool? AreComplete { get; private set; }

    public override void Apply(WriteTransaction transaction)
    {
        _rejected?.Clear();
        foreach (WriteJob job in jobs)
        {
            try
            {
                job.Apply(transaction);
            }
            catch (AgentException rejection)
            {
                (_rejected ??= [])[job] = rejection;
            }
        }

        AreComplete = _rejected is not { Count: > 0 };
    }

    public override void Committed()
    {
        foreach (WriteJob job in jobs)
        {
            if (_rejected is not null && _rejected.TryGetValue(job, out AgentException? rejection))
            {
                job.Failed(rejection);
            }
            else
            {
                job.Committed();
            }
        }
    }

    public override void Failed(AgentException error)
    {
        AreComplete = false;
        foreach (WriteJob job in jobs)
        {
            job.Failed(error);
        }
    }
}
