using System.Diagnostics;
using System.Reflection;
using System.Reflection.Emit;
using System.Text.RegularExpressions;

namespace AgentFunctions.TestKit;

/// <summary>
/// Reads from built assemblies where their code asks the system's clock, or waits by it, instead of a <see cref="TimeProvider"/>.
/// </summary>
public static partial class SystemClockUses
{
    private static readonly OpCode[] OneByte = new OpCode[256];
    private static readonly OpCode[] TwoByte = new OpCode[256];

    static SystemClockUses()
    {
        foreach (OpCode code in typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
            .Select(static field => field.GetValue(null)).OfType<OpCode>())
        {
            (code.Size == 1 ? OneByte : TwoByte)[(byte)code.Value] = code;
        }
    }

    /// <summary>Gets what an assembly's code does by the system's clock, as <c>Namespace.Type.Method -> Member</c>.</summary>
    /// <param name="assembly">The assembly.</param>
    public static IEnumerable<string> Of(Assembly assembly)
    {
        ArgumentNullException.ThrowIfNull(assembly);
        const BindingFlags All =
            BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;
        return assembly.GetTypes()
            .SelectMany(static type => type.GetMethods(All).Concat<MethodBase>(type.GetConstructors(All)))
            .SelectMany(static method => Calls(method).Where(IsOfTheSystemClock)
                .Select(used => $"{NameOf(method)} -> {used.DeclaringType!.Name}.{used.Name}"))
            .Distinct().Order(StringComparer.Ordinal);
    }

    private static bool IsOfTheSystemClock(MethodBase used)
    {
        Type? type = used.DeclaringType is { IsConstructedGenericType: true } made
            ? made.GetGenericTypeDefinition()
            : used.DeclaringType;
        return used.Name switch
        {
            "get_Now" or "get_UtcNow" or "get_Today" => type == typeof(DateTime) || type == typeof(DateTimeOffset),
            "get_TickCount" or "get_TickCount64" => type == typeof(Environment),
            "get_System" => type == typeof(TimeProvider),
            "Sleep" => type == typeof(Thread),
            "CancelAfter" => type == typeof(CancellationTokenSource),
            "Delay" or "WaitAsync" or "Wait" =>
                (type == typeof(Task) || type == typeof(Task<>) || type == typeof(SemaphoreSlim)) && WaitsByItself(used),
            "WaitForExit" => type == typeof(Process) && WaitsByItself(used),
            ".ctor" => type == typeof(Timer) || type == typeof(System.Timers.Timer)
                || ((type == typeof(CancellationTokenSource) || type == typeof(PeriodicTimer)) && WaitsByItself(used)),
            _ => type == typeof(Stopwatch),
        };
    }

    private static bool WaitsByItself(MethodBase used)
    {
        Type[] takes = [.. used.GetParameters().Select(static parameter => parameter.ParameterType)];
        return takes.Any(static type => type == typeof(TimeSpan) || type == typeof(int)) && !takes.Contains(typeof(TimeProvider));
    }

    private static IEnumerable<MethodBase> Calls(MethodBase method)
    {
        byte[] code = method.GetMethodBody()?.GetILAsByteArray() ?? [];
        Type[]? ofType = method.DeclaringType!.IsGenericType ? method.DeclaringType.GetGenericArguments() : null;
        Type[]? ofMethod = method is MethodInfo { IsGenericMethod: true } ? method.GetGenericArguments() : null;
        for (int at = 0; at < code.Length;)
        {
            OpCode operation = code[at] == 0xFE ? TwoByte[code[at + 1]] : OneByte[code[at]];
            at += operation.Size;
            if (operation.OperandType == OperandType.InlineMethod
                && method.Module.ResolveMethod(BitConverter.ToInt32(code, at), ofType,
                    ofMethod) is { DeclaringType: not null } used)
            {
                yield return used;
            }

            at += operation.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + (4 * BitConverter.ToInt32(code, at)),
                _ => 4,
            };
        }
    }

    /// <summary>
    /// The method as it is written: the compiler moves iterators, asynchronous methods and lambdas into types of their own.
    /// </summary>
    private static string NameOf(MethodBase method)
    {
        (Type type, string name) = (method.DeclaringType!, method.Name);
        while (type.DeclaringType is { } outer && (type.Name.StartsWith('<') || name.StartsWith('<')))
        {
            name = Written().Match(type.Name) is { Success: true } moved ? moved.Groups["name"].Value : name;
            type = outer;
        }

        name = Written().Match(name) is { Success: true } inner ? inner.Groups["name"].Value : name;
        return $"{type.FullName}.{name.TrimStart('.')}";
    }

    [GeneratedRegex("^<(?<name>[^<>]+)>", RegexOptions.CultureInvariant)]
    private static partial Regex Written();
}
