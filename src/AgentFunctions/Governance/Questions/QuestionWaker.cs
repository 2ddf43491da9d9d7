using AgentFunctions.Core;

namespace AgentFunctions.Governance.Questions;

/// <summary>Once a host has started, wakes the runs whose answer was recorded, but whose wake-up a crash cut off.</summary>
internal sealed class QuestionWaker(QuestionService questions) : ProcessService
{
    public override Task StartedAsync(CancellationToken cancellationToken) => questions.WakeDecidedAsync(cancellationToken);
}
