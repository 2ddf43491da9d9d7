using AgentFunctions.Core.Text;
using AgentFunctions.Governance.Redaction;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Diagnostics;

/// <summary>
/// Checks everything that the host needs: after the start, when each fault is logged in one line, and for each probe.
/// </summary>
public sealed partial class HostReadiness : IHostedLifecycleService
{
    /// <summary>How much of a message is shown, in characters.</summary>
    private const int MessageLimit = 600;

    /// <summary>How long an answer holds: a probe must not wear out the disk.</summary>
    private static readonly TimeSpan KeptFor = TimeSpan.FromSeconds(2);

    private readonly IReadinessCheck[] _checks;
    private readonly Redactor _redactor;
    private readonly TimeProvider _time;
    private readonly ILogger<HostReadiness> _log;
    private readonly SemaphoreSlim _one = new(1, 1);
    private (IReadOnlyList<ReadinessItem> Items, long At)? _last;

    private readonly HostExamination? _examination;

    internal HostReadiness(
        IEnumerable<IReadinessCheck> checks, Redactor redactor, TimeProvider time, ILogger<HostReadiness> log,
        HostExamination? examination = null) =>
        (_checks, _examination, _redactor, _time, _log) = ([.. checks], examination, redactor, time, log);

    /// <summary>Gets what is found of all that the host needs.</summary>
    /// <param name="cancellationToken">The token to cancel the look.</param>
    public async Task<IReadOnlyList<ReadinessItem>> CheckAsync(CancellationToken cancellationToken = default)
    {
        await _one.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_last is { } last && _time.GetElapsedTime(last.At) < KeptFor)
            {
                return last.Items;
            }

            var items = new List<ReadinessItem>();
            foreach (IReadinessCheck check in _checks)
            {
                items.AddRange((await check.CheckAsync(cancellationToken).ConfigureAwait(false)).Select(Shown));
            }

            _last = (items, _time.GetTimestamp());
            return items;
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>
    /// Gets what is found of all that the host needs, with what a probe leaves out: every agent's tools are asked for, and tool
    /// servers for them, and models are called.
    /// </summary>
    /// <param name="callModels">Whether each model is sent a few words, which may cost a fraction of a cent.</param>
    /// <param name="cancellationToken">The token to cancel the look.</param>
    public async Task<IReadOnlyList<ReadinessItem>> ExamineAsync(bool callModels, CancellationToken cancellationToken = default)
    {
        // First, since a tool server that was never asked has no trouble that is known.
        IReadOnlyList<ReadinessItem> examined = _examination is null ? []
            : await _examination.CheckAsync(callModels, cancellationToken).ConfigureAwait(false);
        return [.. await CheckAsync(cancellationToken).ConfigureAwait(false), .. examined.Select(Shown)];
    }

    Task IHostedService.StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedService.StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedLifecycleService.StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    async Task IHostedLifecycleService.StartedAsync(CancellationToken cancellationToken)
    {
        foreach (ReadinessItem item in await CheckAsync(cancellationToken).ConfigureAwait(false))
        {
            if (item.Status == ReadinessStatus.Failed)
            {
                LogFailed(_log, item.Name, item.Message);
            }
            else if (item.Status == ReadinessStatus.Degraded)
            {
                LogDegraded(_log, item.Name, item.Message);
            }
        }
    }

    Task IHostedLifecycleService.StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedLifecycleService.StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private ReadinessItem Shown(ReadinessItem item) => item.Message is null ? item : item with
    {
        Message = TextCut.Shorten(_redactor.Redact(item.Message.ReplaceLineEndings(" "))!, MessageLimit),
    };

    [LoggerMessage(Level = LogLevel.Error, Message = "Not ready: {Name}: {Reason}")]
    private static partial void LogFailed(ILogger log, string name, string? reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Ready, but {Name}: {Reason}")]
    private static partial void LogDegraded(ILogger log, string name, string? reason);
}
