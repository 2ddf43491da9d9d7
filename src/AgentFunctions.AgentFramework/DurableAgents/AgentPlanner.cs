using System.Text.Json;
using AgentFunctions.Agents;
using Microsoft.Agents.AI;
using Microsoft.Agents.AI.Compaction;
using Microsoft.Extensions.AI;

namespace AgentFunctions.AgentFramework.DurableAgents;

/// <summary>Plans how an agent is made durable, and refuses what could not be kept.</summary>
internal static class AgentPlanner
{
    /// <summary>What an agent is told that has no instructions of its own.</summary>
    internal const string NoInstructions = "Answer what you are asked.";

    /// <summary>Plans.</summary>
    /// <param name="agent">The agent.</param>
    /// <param name="options">How it is to become durable.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/>: the message says what cannot be kept, with the remedy.
    /// </exception>
    public static AgentPlan Plan(AIAgent agent, DurableAgentOptions options)
    {
        AgentParts parts = AgentParts.Of(agent);
        string name = NameOf(agent, options.Name, "AddDurableAgent");
        if (parts.Innermost is not ChatClientAgent inner)
        {
            throw Refuse(
                name,
                $"{parts.Innermost.GetType().Name} is not a ChatClientAgent, so its model and tools cannot be found; "
                + "add it with AddOpaqueAgent.");
        }

        ChatClientAgentOptions own = inner.GetService<ChatClientAgentOptions>()
            ?? new ChatClientAgentOptions { Name = inner.Name, Description = inner.Description };
        var notes = new List<string>();
        (bool through, bool functions) = Decorations(name, parts, options, notes);
        CheckHistory(name, own, options);
        CheckOptions(name, own, notes);
        CheckClient(inner, notes);
        return new AgentPlan
        {
            Name = name,
            Agent = agent,
            Inner = inner,
            Options = own,
            Definition = DefinitionOf(name, inner, own, options),
            HostedTools = HostedTools(name, own, options),
            Providers = through ? [] : Providers(inner, notes),
            Mirror = options.History == HistoryMode.Mirror && !IsInMemory(own.ChatHistoryProvider)
                ? own.ChatHistoryProvider
                : null,
            ThroughDecorators = through,
            HasFunctionMiddleware = functions,
            Notes = notes,
        };
    }

    /// <summary>A refusal.</summary>
    internal static AgentException Refuse(string name, string why) => new(ErrorCode.InvalidInput, $"agent '{name}': {why}");

    /// <summary>Gets the name that runs find an agent by.</summary>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/>: it has none, or one that runs cannot have.
    /// </exception>
    internal static string NameOf(AIAgent agent, string? given, string method)
    {
        string? name = given ?? agent.Name;
        if (string.IsNullOrWhiteSpace(name))
        {
            throw new AgentException(
                ErrorCode.InvalidInput,
                $"the agent has no name, and runs find it by name; set Name of the agent, or Name of the options of {method}.");
        }

        return name.Length <= 64 && name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')
            ? name
            : throw Refuse(
                name,
                "the name has characters that runs cannot have; "
                + "set Name of the options to letters, digits, '-' and '_', at most 64.");
    }

    private static (bool Through, bool Functions) Decorations(
        string name, AgentParts parts, DurableAgentOptions options, List<string> notes)
    {
        bool through = false;
        bool functions = false;
        foreach (AIAgent decorator in parts.Decorators)
        {
            string type = decorator.GetType().Name;
            switch (Decorators.KindOf(decorator))
            {
                case DecoratorKind.Telemetry:
                    notes.Add(
                        $"{type}: a run has spans of its own; those of the agent are written only where its decorators are "
                        + "called around each model call.");
                    break;
                case DecoratorKind.Function:
                    functions = true;
                    break;
                case DecoratorKind.Loop:
                    throw Refuse(
                        name,
                        "LoopAgent repeats whole runs; take it away and give the run an acceptance check "
                        + "(RunRequest.Acceptance), which repeats until it holds.");
                case DecoratorKind.Approval:
                    throw Refuse(
                        name,
                        $"{type} keeps approvals in the session; take it away and say in a policy which calls ask a person.");
                case DecoratorKind.Messages:
                    through = true;
                    notes.Add($"{type}: its providers are asked once a model call.");
                    break;
                case var kind when options.Middleware == MiddlewareScope.PerModelCall:
                    through = true;
                    notes.Add(
                        (kind == DecoratorKind.Run ? "run middleware" : type)
                        + ": it is called around each model call, not around the run.");
                    break;
                case DecoratorKind.Run:
                    throw Refuse(
                        name,
                        "it has run middleware, which cannot be called around a run of days; "
                        + "set RunMiddleware(MiddlewareScope.PerModelCall) to have it called around each model call.");
                default:
                    throw Refuse(
                        name,
                        $"the decorator {type} is not known; set RunMiddleware(MiddlewareScope.PerModelCall) to have it "
                        + "called around each model call, or use AddOpaqueAgent.");
            }
        }

        return (through, functions);
    }

    private static void CheckHistory(string name, ChatClientAgentOptions own, DurableAgentOptions options)
    {
        if (!IsInMemory(own.ChatHistoryProvider) && options.History == HistoryMode.Refused)
        {
            throw Refuse(
                name,
                $"it keeps its history in {own.ChatHistoryProvider!.GetType().Name}, and a run keeps its own; "
                + "set History = HistoryMode.Mirror to have answers written there as well, or leave the provider out.");
        }

        if (own.ChatOptions?.ConversationId is not null)
        {
            throw Refuse(
                name,
                "ChatOptions.ConversationId has the service keep the history, which then no run can resume from; leave it out.");
        }
    }

    private static bool IsInMemory(ChatHistoryProvider? provider) => provider is null or InMemoryChatHistoryProvider;

    private static void CheckOptions(string name, ChatClientAgentOptions own, List<string> notes)
    {
        if (own.EnableMessageInjection)
        {
            throw Refuse(
                name,
                "EnableMessageInjection adds messages that no run records; "
                + "leave it out and send messages to the run (RunSteering.SendAsync).");
        }

        if (own.DisableApprovalNotRequiredFunctionBypassing || own.DisableApprovalResponseBinding)
        {
            notes.Add("DisableApproval…: it has no effect; approvals are those of AgentFunctions.");
        }

        if (own.ChatHistoryProvider is InMemoryChatHistoryProvider { ChatReducer: not null })
        {
            notes.Add("the reducer of its history is left out: a run sums up its context itself.");
        }

        if (own.ChatOptions?.Tools?.OfType<AIFunctionDeclaration>()
            .FirstOrDefault(static tool => tool is not AIFunction) is { } declared)
        {
            throw Refuse(
                name,
                $"the tool '{declared.Name}' is a declaration without code, which the caller would have to answer; "
                + "give it code, or leave it out.");
        }
    }

    /// <summary>Says what in the chat client changes the messages that a run sends it.</summary>
    private static void CheckClient(ChatClientAgent inner, List<string> notes)
    {
        if (inner.ChatClient.GetService<ReducingChatClient>() is not null)
        {
            notes.Add(
                "a chat reducer stands inside its chat client (UseChatReducer). A run sums up its context itself; what the "
                + "reducer takes away besides, the model does not see: without its goal it does something else, without the "
                + "results of its tools it calls them again. Leave the reducer out, or have it keep both.");
        }

        if (ClientParts.Of(inner.ChatClient).Any(static part => part.GetType().FullName == ClientParts.OfProviders))
        {
            notes.Add(
                "context providers stand inside its chat client (UseAIContextProviders). They are asked once a model call, and "
                + "nothing records what they add or take away. Give them to the agent (AIContextProviders).");
        }
    }

    private static List<AITool> HostedTools(string name, ChatClientAgentOptions own, DurableAgentOptions options)
    {
        var hosted = new List<AITool>();
        foreach (AITool tool in own.ChatOptions?.Tools?.Where(static tool => tool is not AIFunctionDeclaration) ?? [])
        {
            bool acts = tool is HostedMcpServerTool || !IsKnown(tool);
            string called = tool is HostedMcpServerTool server ? server.ServerName : tool.Name;
            if (acts && !options.Hosted.ContainsKey(called))
            {
                throw Refuse(
                    name,
                    $"the hosted tool '{called}' ({tool.GetType().Name}) acts inside a model call, which a crash repeats; "
                    + $"use a tool server of the host (mcpServers), or AllowHostedTool(\"{called}\", …) "
                    + "if a repetition does no harm.");
            }

            hosted.Add(tool);
        }

        return hosted;
    }

    private static bool IsKnown(AITool tool) =>
        tool is HostedWebSearchTool or HostedFileSearchTool or HostedCodeInterpreterTool or HostedImageGenerationTool
        || tool.GetType().Name == "HostedToolSearchTool";

    private static List<AIContextProvider> Providers(ChatClientAgent inner, List<string> notes)
    {
        var providers = new List<AIContextProvider>();
        foreach (AIContextProvider provider in inner.AIContextProviders ?? [])
        {
            if (provider is CompactionProvider)
            {
                notes.Add("CompactionProvider is left out: a run sums up its context itself.");
            }
            else
            {
                providers.Add(provider);
            }
        }

        return providers;
    }

    private static AgentDefinition DefinitionOf(
        string name, ChatClientAgent inner, ChatClientAgentOptions own, DurableAgentOptions options)
    {
        var definition = new AgentDefinition
        {
            Name = name,
            Description = inner.Description ?? "",
            Instructions = string.IsNullOrWhiteSpace(inner.Instructions) ? NoInstructions : inner.Instructions,
            Model = AgentPlan.ModelOf(name),
            Tools = [AgentPlan.GroupOf(name)],
            Framing = PromptFraming.Chat,
            CallsInOrder = !own.AllowConcurrentInvocation || inner.AIContextProviders is { Count: > 0 },
            Limits = options.Limits,
            OutputSchema = SchemaOf(own.ChatOptions?.ResponseFormat),
            Extra = new Dictionary<string, JsonElement>
            {
                ["agentFramework"] = JsonSerializer.SerializeToElement(
                    AgentFingerprint.Of(own), AgentFrameworkJsonContext.Default.String),
            },
        };
        definition.Validate();
        return definition;
    }

    private static JsonElement? SchemaOf(ChatResponseFormat? format) =>
        format is ChatResponseFormatJson { Schema: { ValueKind: JsonValueKind.Object } schema } ? schema : null;
}
