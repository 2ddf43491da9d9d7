namespace AgentFunctions.Sqlite.Database;

/// <summary>Writes that are on disk together or not at all; one that is rejected is left out.</summary>
/// <param name="jobs">The writes, in their order.</param>
internal sealed class JoinedWrites(IReadOnlyList<WriteJob> jobs) : WriteJob
{
    private readonly Dictionary<WriteJob, AgentException> _rejected = [];

    public override void Apply(WriteTransaction transaction)
    {
        _rejected.Clear();
        foreach (WriteJob job in jobs)
        {
            try
            {
                job.Apply(transaction);
            }
            catch (AgentException rejection)
            {
                _rejected[job] = rejection;
            }
        }
    }

    public override void Committed()
    {
        foreach (WriteJob job in jobs)
        {
            if (_rejected.TryGetValue(job, out AgentException? rejection))
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
        foreach (WriteJob job in jobs)
        {
            job.Failed(error);
        }
    }
}
