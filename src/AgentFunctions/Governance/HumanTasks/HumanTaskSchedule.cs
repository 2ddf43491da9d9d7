namespace AgentFunctions.Governance.HumanTasks;

/// <summary>Says when a task that waits for a person is looked at next, and what is due then.</summary>
internal static class HumanTaskSchedule
{
    /// <summary>The wait after an attempt that reached nobody.</summary>
    private static readonly TimeSpan RetryPause = TimeSpan.FromMinutes(1);

    /// <summary>The longest wait between two reminders: they come less and less often, and a run's history stays small.</summary>
    private static readonly TimeSpan LongestPause = TimeSpan.FromDays(1);

    /// <summary>Gets when a run that waits should look again.</summary>
    /// <param name="task">The task.</param>
    public static DateTimeOffset NextLook<TTask>(TTask task)
        where TTask : class, IHumanTask<TTask>
    {
        DateTimeOffset next = task.RemindAt < task.ExpiresAt ? task.RemindAt : task.ExpiresAt;
        DateTimeOffset escalation = task.CreatedAt + task.Timers.EscalateAfter;
        return task.EscalatedAt is null && escalation < next ? escalation : next;
    }

    /// <summary>Gets whether further roles are told now. What nobody was told of must not wait for its turn.</summary>
    /// <param name="task">The task.</param>
    /// <param name="now">The present time (UTC).</param>
    public static bool IsEscalationDue<TTask>(TTask task, DateTimeOffset now)
        where TTask : class, IHumanTask<TTask> => task.EscalatedAt is null
            && (task.CreatedAt + task.Timers.EscalateAfter <= now || (task.RemindAt <= now && task.ToldTo.Count == 0));

    /// <summary>
    /// Gets the wait before the next reminder: they come less and less often; what reached nobody is tried again soon.
    /// </summary>
    /// <param name="task">The task.</param>
    /// <param name="isLost">Whether the last attempt reached nobody.</param>
    public static TimeSpan Pause<TTask>(TTask task, bool isLost)
        where TTask : class, IHumanTask<TTask>
    {
        double growth = Math.Pow(2, Math.Min(task.Reminders, 16));
        TimeSpan pause = task.Timers.Remind * growth;
        TimeSpan longest = isLost && RetryPause * growth < LongestPause ? RetryPause * growth : LongestPause;
        return pause < longest ? pause : longest;
    }
}
