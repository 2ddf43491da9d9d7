namespace AgentFunctions.Models.Providers;

/// <summary>The scripted model, for runs without a key.</summary>
internal sealed record RehearsalProvider() : ModelProvider("rehearsal")
{
    public override string DefaultModel => Rehearsal.RehearsalChatClient.ModelId;

    protected override ModelProfile Known(string model) =>
        base.Known(model) with { Streaming = false, IsRehearsal = true, ContextWindow = 1_000_000 };
}
