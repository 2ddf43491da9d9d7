using System.Text.Json;
using AgentFunctions.Tools;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Testing;

/// <summary>A tool's function, whose executions are counted and which the host may die at.</summary>
internal sealed class WatchedFunction(AIFunction inner, ToolEffect effect, Executions executions,
    Crashes crashes) : DelegatingAIFunction(inner)
{
    protected override ValueTask<object?> InvokeCoreAsync(AIFunctionArguments arguments, CancellationToken cancellationToken) =>
        crashes.PassAsync(Moment.BeforeCall(Name), Moment.AfterCall(Name), async () =>
        {
            bool returned = false;
            try
            {
                object? result = await base.InvokeCoreAsync(arguments, cancellationToken).ConfigureAwait(false);
                returned = true;
                return result;
            }
            finally
            {
                Add(arguments, returned);
            }
        });

    private void Add(AIFunctionArguments arguments, bool returned)
    {
        if (arguments.Context?.TryGetValue(typeof(ToolContext), out object? found) == true && found is ToolContext context)
        {
            executions.Add(context, Name, effect, arguments.ToDictionary(
                static argument => argument.Key,
                static argument => argument.Value is JsonElement json
                    ? json
                    : JsonSerializer.SerializeToElement(argument.Value, JsonSerializerOptions.Web)), returned);
        }
    }
}
