namespace AgentFunctions.Sqlite.Database;

/// <summary>Writes that are on disk together or not at all; one that is rejected is left out.</summary>
/// <param name="jobs">The writes, in their order.</param>
internal sealed class JoinedWrites(IReadOnlyList<WriteJob> jobs) : WriteJob
{
    private Dictionary<WriteJob, AgentException>? _rejected;
    private volatile bool _isLost;

    /// <summary>Gets whether one of them was not written when they were tried last; whatever comes behind them reads it.</summary>
    public bool IsLost => _isLost;

    public override void Apply(WriteTransaction transaction)
    {
        _rejected?.Clear();
        bool isLost = false;
        foreach (WriteJob job in jobs)
        {
            try
            {
                job.Apply(transaction);
                isLost |= job is JoinedWrites { IsLost: true };
            }
            catch (AgentException rejection)
            {
                (_rejected ??= [])[job] = rejection;
                isLost = true;
            }
        }

        _isLost = isLost;
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
        _isLost = true;
        foreach (WriteJob job in jobs)
        {
            job.Failed(error);
        }
    }
}
