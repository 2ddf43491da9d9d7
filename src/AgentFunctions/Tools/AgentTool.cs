using System.Reflection;
using System.Text.Json;
using AgentFunctions.Core;
using AgentFunctions.Workspaces;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Tools;

/// <summary>Represents a function that a model may call, with what the host needs to call it safely.</summary>
public sealed class AgentTool
{
    private readonly Lazy<string> _hash;

    /// <summary>Wraps a function of the Microsoft.Extensions.AI ecosystem.</summary>
    /// <param name="function">The function: its name, description and schema are what the model sees.</param>
    /// <param name="effect">What it does to the world.</param>
    public AgentTool(AIFunction function, ToolEffect effect)
    {
        ArgumentNullException.ThrowIfNull(function);
        Function = function;
        Effect = effect;
        _hash = new Lazy<string>(ComputeHash);
    }

    private AgentTool(AgentTool tool)
        : this(tool.Function, tool.Effect)
    {
        Check = tool.Check;
        MayRunAny = tool.MayRunAny;
        Reach = tool.Reach;
        Paths = tool.Paths;
        Uses = tool.Uses;
        Timeout = tool.Timeout;
        ResultLimit = tool.ResultLimit;
        IsOptIn = tool.IsOptIn;
        AsksPerson = tool.AsksPerson;
        Group = tool.Group;
        IsDelegation = tool.IsDelegation;
        IsForSearch = tool.IsForSearch;
        AsksPeople = tool.AsksPeople;
        IsClient = tool.IsClient;
        Reconcile = tool.Reconcile;
        Job = tool.Job;
    }

    /// <summary>Gets the function.</summary>
    public AIFunction Function { get; private init; }

    /// <summary>Gets what it does to the world.</summary>
    public ToolEffect Effect { get; private init; }

    /// <summary>Gets the name that the model calls it by.</summary>
    public string Name => Function.Name;

    /// <summary>
    /// Gets the SHA-256 over name, description, schema and effect as 64 hexadecimal digits: what a run is pinned to.
    /// </summary>
    public string Hash => _hash.Value;

    /// <summary>Gets how long one call may take; two minutes by default.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>
    /// Gets the most characters of a result that the model sees at once; 20,000 by default. What is longer becomes an artifact
    /// with a preview of this size.
    /// </summary>
    public int ResultLimit { get; init; } = 20_000;

    /// <summary>Gets whether an agent gets the tool only when its definition names it; false by default.</summary>
    public bool IsOptIn { get; init; }

    /// <summary>
    /// Gets whether a person approves each call unless a rule of the host's policy decides about it; false by default: the
    /// policy's defaults by effect hold.
    /// </summary>
    public bool AsksPerson { get; init; }

    /// <summary>
    /// Gets the arguments that are paths of the run's workspace, so that policies judge which files they mean and not how they
    /// are spelled; none by default.
    /// </summary>
    public IReadOnlyList<PathArgument> Paths { get; init; } = [];

    /// <summary>
    /// What a call reads and writes in the workspace beyond the paths that its arguments name; nothing by default.
    /// </summary>
    internal Func<Workspace, JsonElement, IReadOnlyList<PathUse>>? Uses { get; init; }

    /// <summary>
    /// Complains about arguments that the agent's definition does not allow; <see langword="null"/> if there are no such rules.
    /// </summary>
    internal Func<IReadOnlyDictionary<string, JsonElement>, string?>? Check { get; init; }

    /// <summary>Whether a program may be run with any arguments; <see langword="null"/> for tools that run none.</summary>
    internal Func<string, bool>? MayRunAny { get; init; }

    /// <summary>How far its effects reach; anywhere by default.</summary>
    internal ToolReach Reach { get; init; }

    /// <summary>
    /// Whether an agent has the tool only if it has more tools than its model is shown, whatever its list of tools says.
    /// </summary>
    internal bool IsForSearch { get; init; }

    /// <summary>Whether an agent has the tool by what its definition says of delegation, and not by its list of tools.</summary>
    internal bool IsDelegation { get; init; }

    /// <summary>
    /// Whether the tool does nothing but ask people, so that rules about what was done before count each question as it is asked.
    /// </summary>
    internal bool AsksPeople { get; init; }

    /// <summary>Whether the caller of the run executes the tool.</summary>
    internal bool IsClient { get; init; }

    /// <summary>
    /// Gets a name that stands for this tool and its siblings in an agent's list of tools, for instance <c>mcp__github</c> for
    /// all tools of that server; <see langword="null"/>, the default, for none.
    /// </summary>
    public string? Group { get; init; }

    /// <summary>
    /// Finds out after a crash whether a started call took effect; <see langword="null"/> if nobody can say. Must not
    /// change anything itself.
    /// </summary>
    public Func<ToolContext, AIFunctionArguments, CancellationToken, Task<Reconciliation>>? Reconcile { get; init; }

    /// <summary>
    /// Gets how to poll work that may outlast its host or a time limit of the platform; <see langword="null"/>, the default, for
    /// calls that end with their function.
    /// </summary>
    public ToolJob? Job { get; init; }

    /// <summary>
    /// Makes a tool from a method. Parameters of the types <see cref="ToolContext"/>, <see cref="IServiceProvider"/> and
    /// <see cref="CancellationToken"/> are filled in by the host and hidden from the model; descriptions come from
    /// <see cref="System.ComponentModel.DescriptionAttribute"/>.
    /// </summary>
    /// <param name="name">The name that the model calls it by.</param>
    /// <param name="description">What the model is told of it.</param>
    /// <param name="effect">What it does to the world.</param>
    /// <param name="method">The code.</param>
    public static AgentTool Create(string name, string description, ToolEffect effect, Delegate method) =>
        new(CreateFunction(name, description, method), effect);

    /// <summary>Makes the function that <see cref="Create"/> wraps, for a tool that sets further properties.</summary>
    /// <param name="name">The name that the model calls it by.</param>
    /// <param name="description">What the model is told of it.</param>
    /// <param name="method">The code.</param>
    public static AIFunction CreateFunction(string name, string description, Delegate method) =>
        AIFunctionFactory.Create(method, new AIFunctionFactoryOptions
        {
            Name = name,
            Description = description,
            SerializerOptions = ToolArgumentsJsonContext.WithDefaults,
            ConfigureParameterBinding = Bind,
            MarshalResult = static (result, _, _) => ValueTask.FromResult(result),
        });

    /// <summary>
    /// Creates the same tool with a probe that finds out after a crash whether a started call took effect. It must not change
    /// anything.
    /// </summary>
    /// <param name="reconcile">The probe; <see cref="ToolContext.IdempotencyKey"/> says which call is meant.</param>
    public AgentTool WithReconcile(Func<ToolContext, AIFunctionArguments, CancellationToken, Task<Reconciliation>> reconcile)
    {
        ArgumentNullException.ThrowIfNull(reconcile);
        return new(this) { Reconcile = reconcile };
    }

    /// <summary>
    /// Creates the same tool as a job: its function starts the work, and the host looks now and then whether there is a result.
    /// </summary>
    /// <param name="poll">Looks at the work, as <see cref="ToolJob.Poll"/>.</param>
    /// <param name="pollInterval">The least time between two looks; a minute if <see langword="null"/>.</param>
    /// <param name="timeout">The time after which the work is given up; a day if <see langword="null"/>.</param>
    public AgentTool AsJob(
        Func<ToolContext, AIFunctionArguments, CancellationToken, Task<Reconciliation>> poll,
        TimeSpan? pollInterval = null, TimeSpan? timeout = null)
    {
        ArgumentNullException.ThrowIfNull(poll);
        var job = new ToolJob(poll);
        return AsJob(job with { PollInterval = pollInterval ?? job.PollInterval, Timeout = timeout ?? job.Timeout });
    }

    /// <summary>Creates the same tool as a job.</summary>
    /// <param name="job">How the host looks at the work.</param>
    public AgentTool AsJob(ToolJob job)
    {
        ArgumentNullException.ThrowIfNull(job);
        return new(this) { Job = job };
    }

    /// <summary>Creates the same tool with another time limit of one call.</summary>
    /// <param name="timeout">The limit.</param>
    public AgentTool WithTimeout(TimeSpan timeout) => new(this) { Timeout = timeout };

    /// <summary>Creates the same tool around another function, for instance one that wraps <see cref="Function"/>.</summary>
    /// <param name="function">The function.</param>
    public AgentTool WithFunction(AIFunction function)
    {
        ArgumentNullException.ThrowIfNull(function);
        return new(this) { Function = function };
    }

    /// <summary>The same tool, taken to do something else to the world.</summary>
    /// <param name="effect">What it is taken to do.</param>
    internal AgentTool WithEffect(ToolEffect effect) => effect == Effect ? this : new(this) { Effect = effect };

    /// <summary>The same tool, whose effects reach less or more.</summary>
    /// <param name="reach">How far.</param>
    internal AgentTool WithReach(ToolReach reach) => reach == Reach ? this : new(this) { Reach = reach };

    /// <summary>The same tool, whose arguments an agent's definition restricts.</summary>
    /// <param name="check">Complains about arguments.</param>
    internal AgentTool WithCheck(Func<IReadOnlyDictionary<string, JsonElement>, string?> check) => new(this) { Check = check };

    /// <summary>The same tool with another limit of its results.</summary>
    /// <param name="limit">The most characters of a result.</param>
    internal AgentTool WithResultLimit(int limit) => new(this) { ResultLimit = limit };

    /// <summary>The arguments of one call, as the function wants them.</summary>
    /// <param name="context">Which call.</param>
    /// <param name="arguments">What the model sent.</param>
    internal static AIFunctionArguments Bind(ToolContext context, IReadOnlyDictionary<string, JsonElement> arguments)
    {
        var bound = new AIFunctionArguments
        {
            Services = context.Services,
            Context = new Dictionary<object, object?> { [typeof(ToolContext)] = context },
        };
        foreach ((string name, JsonElement value) in arguments)
        {
            bound[name] = value;
        }

        return bound;
    }

    private string ComputeHash() =>
        CanonicalJson.Hash(JsonSerializer.SerializeToElement(
            new Dictionary<string, JsonElement>
            {
                ["name"] = JsonSerializer.SerializeToElement(Name, CoreJsonContext.Default.String),
                ["description"] = JsonSerializer.SerializeToElement(Function.Description, CoreJsonContext.Default.String),
                ["schema"] = Function.JsonSchema,
                ["effect"] = JsonSerializer.SerializeToElement(Effect.ToString(), CoreJsonContext.Default.String),
            },
            CoreJsonContext.Default.DictionaryStringJsonElement));

    private static AIFunctionFactoryOptions.ParameterBindingOptions Bind(ParameterInfo parameter) =>
        parameter.ParameterType == typeof(ToolContext)
            ? new()
            {
                ExcludeFromSchema = true,
                BindParameter = static (_, arguments) => arguments.Context![typeof(ToolContext)],
            }
            : default;
}

/// <summary>Represents what a tool's probe found about a call that a crash interrupted.</summary>
/// <param name="Verdict">Whether the effect took place.</param>
/// <param name="Result">For <see cref="ReconciliationVerdict.TookEffect"/>: the result to give to the model.</param>
public sealed record Reconciliation(ReconciliationVerdict Verdict, object? Result = null)
{
    /// <summary>Creates the result that the effect took place.</summary>
    /// <param name="result">The result to give to the model.</param>
    public static Reconciliation TookEffect(object? result) => new(ReconciliationVerdict.TookEffect, result);

    /// <summary>Gets the effect did not take place; the call may be made.</summary>
    public static Reconciliation DidNotTakeEffect { get; } = new(ReconciliationVerdict.DidNotTakeEffect);

    /// <summary>Gets the work was started and goes on: for a <see cref="ToolJob"/>.</summary>
    public static Reconciliation StillRunning { get; } = new(ReconciliationVerdict.StillRunning);

    /// <summary>Gets the result that the outcome is unknown.</summary>
    public static Reconciliation Unknown { get; } = new(ReconciliationVerdict.Unknown);
}

/// <summary>Specifies whether an interrupted call took effect.</summary>
public enum ReconciliationVerdict
{
    /// <summary>Gets the result that the outcome is unknown.</summary>
    Unknown,

    /// <summary>The call took effect.</summary>
    TookEffect,

    /// <summary>The call did not take effect.</summary>
    DidNotTakeEffect,

    /// <summary>The call was started and is in progress.</summary>
    StillRunning,
}
