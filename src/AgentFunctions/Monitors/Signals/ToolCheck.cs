using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using AgentFunctions.Durability;
using AgentFunctions.Storage;
using AgentFunctions.Tools;

namespace AgentFunctions.Monitors.Signals;

/// <summary>Calls a tool of the host. Only tools without effects: a check that a crash repeats must not change anything.</summary>
internal sealed class ToolCheck(IEnumerable<AgentTool> tools, ArtifactStore artifacts, IServiceProvider services) : ISignalCheck
{
    public bool Handles(SignalDefinition signal) => signal.Tool is not null;

    public async Task<Observation> LookAsync(
        SignalDefinition signal, SignalMemory last, DateTimeOffset now, CancellationToken cancellationToken)
    {
        ToolSignal target = signal.Tool!;
        AgentTool tool = tools.FirstOrDefault(tool => tool.Name == target.Name && tool.Effect == ToolEffect.None)
            ?? throw new AgentException(ErrorCode.ToolNotFound, $"tool: this host has no tool '{target.Name}' without effects.");
        var context = new ToolContext
        {
            RunId = signal.Name,
            Agent = "",
            Turn = 0,
            Call = 0,
            Artifacts = artifacts,
            Services = services,
        };
        object? result = await tool.Function.InvokeAsync(
            AgentTool.Bind(context, ArgumentsOf(target)), cancellationToken).ConfigureAwait(false);
        string text = result as string ?? DurableJson.Serialize(result) ?? "";
        string? complaint = null;
        double? value = null;
        if (target.Result is { } condition)
        {
            complaint = condition.Complaint(text, out value);
        }

        return new Observation(signal.Name, complaint)
        {
            Value = value,
            Evidence = Evidence.Of(text),
            Fingerprint = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text))),
        };
    }

    private static Dictionary<string, JsonElement> ArgumentsOf(ToolSignal target) =>
        target.Arguments is { ValueKind: JsonValueKind.Object } arguments
            ? arguments.EnumerateObject().ToDictionary(member => member.Name, member => member.Value, StringComparer.Ordinal)
            : [];
}
