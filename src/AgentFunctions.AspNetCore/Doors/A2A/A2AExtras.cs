using AgentFunctions.AspNetCore.Doors.A2A.Push;
using AgentFunctions.Records;

namespace AgentFunctions.AspNetCore.Doors.A2A;

/// <summary>Takes what comes with a message beside its words: files, and where its client wants to be told.</summary>
internal sealed class A2AExtras(PushConfigs push, ArtifactStore artifacts)
{
    /// <summary>Keeps the files of a message, and where its client wants to be told. Safe to repeat.</summary>
    public async Task TakeAsync(
        string agent, string run, A2AMessage message, Caller caller, CancellationToken cancellationToken)
    {
        foreach (A2AFile file in message.Files)
        {
            await artifacts.SaveAsync(run, file.Name, file.MediaType, file.Content, cancellationToken);
        }

        await ToldAsync(agent, run, message, caller, cancellationToken);
    }

    /// <summary>Keeps where the client of a message wants to be told. Safe to repeat.</summary>
    public async Task ToldAsync(string agent, string run, A2AMessage message, Caller caller, CancellationToken cancellationToken)
    {
        if (message.Push is { } config)
        {
            await push.CreateAsync(agent, run, config, caller, cancellationToken);
        }
    }
}
