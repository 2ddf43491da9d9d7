using AgentFunctions.Models;
using AgentFunctions.Models.Rehearsal;

namespace AgentFunctions.OpenAI.Providers;

/// <summary>The scripted model, for runs without a key.</summary>
internal sealed record RehearsalProvider() : ModelProvider("rehearsal")
{
    public override string DefaultModel => RehearsalChatClient.ModelId;

    protected override ModelProfile Known(string model) => RehearsalModel.Profile;
}
