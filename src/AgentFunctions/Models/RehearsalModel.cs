using AgentFunctions.Models.Rehearsal;

namespace AgentFunctions.Models;

/// <summary>The scripted model as a host offers it.</summary>
internal static class RehearsalModel
{
    /// <summary>Gets what the host must know of it.</summary>
    public static ModelProfile Profile { get; } =
        new() { Provider = "rehearsal", Streaming = false, IsRehearsal = true, ContextWindow = 1_000_000 };

    /// <summary>Makes the model.</summary>
    /// <param name="name">Its name on this host.</param>
    /// <param name="pause">How long it waits before each answer.</param>
    public static ModelBinding Named(string name, TimeSpan pause) =>
        new(name, RehearsalChatClient.ModelId, Profile, new RehearsalChatClient(pause, TimeProvider.System));
}
