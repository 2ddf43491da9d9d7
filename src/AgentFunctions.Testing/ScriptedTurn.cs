using System.Text.Json;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Testing;

/// <summary>Represents what a <see cref="ScriptedModel"/> answers in one turn: text, calls of tools, or an error.</summary>
public sealed record ScriptedTurn
{
    private ScriptedTurn()
    {
    }

    /// <summary>Gets the text; <see langword="null"/> for none.</summary>
    public string? Text { get; private init; }

    /// <summary>Gets the calls, by tool and arguments (a JSON object).</summary>
    public IReadOnlyList<(string Tool, JsonElement Arguments)> ToolCalls { get; private init; } = [];

    /// <summary>Gets the error that the call of the model ends with; <see langword="null"/> for an answer.</summary>
    public Exception? Error { get; private init; }

    /// <summary>Gets the tokens that the answer counts as; 10 in and 10 out by default.</summary>
    public (long Input, long Output) Tokens { get; private init; } = (10, 10);

    /// <summary>Creates a turn that says something and, without a call, ends the run.</summary>
    /// <param name="text">The text.</param>
    public static ScriptedTurn Says(string text) => new() { Text = text };

    /// <summary>Creates a turn that calls a tool.</summary>
    /// <param name="tool">The name of the tool.</param>
    /// <param name="arguments">
    /// The arguments as an anonymous object, a dictionary or JSON; <see langword="null"/> for none.
    /// </param>
    public static ScriptedTurn Calls(string tool, object? arguments = null) => new ScriptedTurn().And(tool, arguments);

    /// <summary>Creates a turn in which the call of the model fails.</summary>
    /// <param name="error">The error; an <see cref="AgentException"/> is treated by its code.</param>
    public static ScriptedTurn Fails(Exception error)
    {
        ArgumentNullException.ThrowIfNull(error);
        return new() { Error = error };
    }

    /// <summary>Adds a call to the turn.</summary>
    /// <param name="tool">The name of the tool.</param>
    /// <param name="arguments">
    /// The arguments as an anonymous object, a dictionary or JSON; <see langword="null"/> for none.
    /// </param>
    public ScriptedTurn And(string tool, object? arguments = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(tool);
        JsonElement json = arguments is null
            ? JsonElement.Parse("{}")
            : JsonSerializer.SerializeToElement(arguments, JsonSerializerOptions.Web);
        return this with { ToolCalls = [.. ToolCalls, (tool, json)] };
    }

    /// <summary>Sets the text beside the calls of the turn.</summary>
    /// <param name="text">The text.</param>
    public ScriptedTurn Saying(string text) => this with { Text = text };

    /// <summary>Sets the tokens that the answer counts as, for tests of budgets.</summary>
    /// <param name="input">The tokens of the request.</param>
    /// <param name="output">The tokens of the answer.</param>
    public ScriptedTurn Using(long input, long output) => this with { Tokens = (input, output) };

    internal ChatResponse ToResponse(int turn)
    {
        var contents = new List<AIContent>();
        if (Text is not null)
        {
            contents.Add(new TextContent(Text));
        }

        contents.AddRange(ToolCalls.Select((call, index) => new FunctionCallContent(
            $"call_{turn}_{index + 1}", call.Tool,
            call.Arguments.EnumerateObject()
                .ToDictionary(static argument => argument.Name, static object? (argument) => argument.Value.Clone()))));
        return new ChatResponse(new ChatMessage(ChatRole.Assistant, contents))
        {
            ModelId = ScriptedModel.Name,
            FinishReason = ToolCalls.Count > 0 ? ChatFinishReason.ToolCalls : ChatFinishReason.Stop,
            Usage = new UsageDetails
            {
                InputTokenCount = Tokens.Input,
                OutputTokenCount = Tokens.Output,
                TotalTokenCount = Tokens.Input + Tokens.Output,
            },
        };
    }
}
