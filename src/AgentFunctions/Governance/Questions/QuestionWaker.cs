using AgentFunctions.Core;
using Microsoft.Extensions.Hosting;

namespace AgentFunctions.Governance.Questions;

/// <summary>Once a host has started, wakes the runs whose answer was recorded, but whose wake-up a crash cut off.</summary>
internal sealed class QuestionWaker(QuestionService questions) : IHostedLifecycleService, IProcessService
{
    public Task StartedAsync(CancellationToken cancellationToken) => questions.WakeDecidedAsync(cancellationToken);

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
