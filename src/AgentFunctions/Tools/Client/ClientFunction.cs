using System.Text.Json;
using AgentFunctions.Core;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tools.Client;

/// <summary>Asks the caller of a run to execute a call.</summary>
internal sealed class ClientFunction(ToolDeclaration declaration, TimeSpan patience) : AIFunction
{
    public override string Name => declaration.Name;

    public override string Description => declaration.Description;

    public override JsonElement JsonSchema => declaration.Schema;

    protected override async ValueTask<object?> InvokeCoreAsync(AIFunctionArguments arguments,
        CancellationToken cancellationToken)
    {
        var context = (ToolContext)arguments.Context![typeof(ToolContext)]!;
        JsonElement sent = JsonSerializer.SerializeToElement(
            arguments.ToDictionary(static one => one.Key, static one => (JsonElement)one.Value!, StringComparer.Ordinal),
            CoreJsonContext.Default.DictionaryStringJsonElement);
        ClientCallStore calls = context.Services.GetRequiredService<ClientCallStore>();
        return await calls.AskAsync(context, Name, sent, patience, cancellationToken).ConfigureAwait(false);
    }
}
