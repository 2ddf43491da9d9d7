using System.Collections.Immutable;
using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace AgentFunctions.Tests.Architecture;

/// <summary>Which types of one assembly use which: in signatures, base types, attributes and method bodies.</summary>
internal sealed class TypeReferences : IDisposable
{
    private static readonly Dictionary<short, OperandType> Operands = typeof(OpCodes).GetFields()
        .Where(static field => field.FieldType == typeof(OpCode))
        .Select(static field => (OpCode)field.GetValue(null)!)
        .ToDictionary(static code => code.Value, static code => code.OperandType);

    private readonly PEReader _file;
    private readonly MetadataReader _metadata;
    private readonly NamesInSignature _names;

    public TypeReferences(string assembly)
    {
        _file = new PEReader(ImmutableArray.Create(File.ReadAllBytes(assembly)));
        _metadata = _file.GetMetadataReader();
        _names = new NamesInSignature(_metadata);
    }

    /// <summary>The types that no other type contains, without those that the compiler wrote.</summary>
    public IEnumerable<TypeDefinition> TopLevel => _metadata.TypeDefinitions.Select(_metadata.GetTypeDefinition)
        .Where(type => type.GetDeclaringType().IsNil
            && !_metadata.GetString(type.Namespace).StartsWith("System.", StringComparison.Ordinal)
            && _metadata.GetString(type.Namespace).Length > 0);

    /// <summary>The simple names of the assemblies that this one refers to.</summary>
    public IEnumerable<string> Assemblies => _metadata.AssemblyReferences.Select(
        handle => _metadata.GetString(_metadata.GetAssemblyReference(handle).Name));

    public string NameOf(TypeDefinition type) => NamesInSignature.NameOf(_metadata, type);

    /// <summary>For each type outside others: the full names of the outermost types that it and its nested types use.</summary>
    public IEnumerable<(string From, IReadOnlySet<string> To)> All()
    {
        foreach (TypeDefinition type in TopLevel)
        {
            var used = new HashSet<string>(StringComparer.Ordinal);
            Add(type, used);
            string name = NameOf(type);
            used.Remove(name);
            yield return (name, used);
        }
    }

    public void Dispose() => _file.Dispose();

    private void Add(TypeDefinition type, HashSet<string> used)
    {
        used.UnionWith(_names.Of(type.BaseType));
        used.UnionWith(type.GetInterfaceImplementations().SelectMany(
            handle => _names.Of(_metadata.GetInterfaceImplementation(handle).Interface)));
        used.UnionWith(type.GetGenericParameters().SelectMany(handle => _metadata.GetGenericParameter(handle).GetConstraints())
            .SelectMany(handle => _names.Of(_metadata.GetGenericParameterConstraint(handle).Type)));
        AddAttributes(type.GetCustomAttributes(), used);
        foreach (FieldDefinition field in type.GetFields().Select(_metadata.GetFieldDefinition))
        {
            used.UnionWith(field.DecodeSignature(_names, null));
            AddAttributes(field.GetCustomAttributes(), used);
        }

        foreach (PropertyDefinition property in type.GetProperties().Select(_metadata.GetPropertyDefinition))
        {
            AddAttributes(property.GetCustomAttributes(), used);
        }

        foreach (MethodDefinition method in type.GetMethods().Select(_metadata.GetMethodDefinition))
        {
            used.UnionWith(NamesInSignature.Flat(method.DecodeSignature(_names, null)));
            AddAttributes(method.GetCustomAttributes(), used);
            AddBody(method, used);
        }

        foreach (TypeDefinitionHandle nested in type.GetNestedTypes())
        {
            Add(_metadata.GetTypeDefinition(nested), used);
        }
    }

    private void AddAttributes(CustomAttributeHandleCollection attributes, HashSet<string> used) => used.UnionWith(
        attributes.SelectMany(handle => _names.Of(_metadata.GetCustomAttribute(handle).Constructor)));

    private void AddBody(MethodDefinition method, HashSet<string> used)
    {
        if (method.RelativeVirtualAddress == 0)
        {
            return;
        }

        MethodBodyBlock body = _file.GetMethodBody(method.RelativeVirtualAddress);
        if (!body.LocalSignature.IsNil)
        {
            used.UnionWith(_metadata.GetStandaloneSignature(body.LocalSignature).DecodeLocalSignature(_names, null)
                .SelectMany(static names => names));
        }

        used.UnionWith(body.ExceptionRegions.Where(static region => !region.CatchType.IsNil)
            .SelectMany(region => _names.Of(region.CatchType)));
        BlobReader code = body.GetILReader();
        while (code.RemainingBytes > 0)
        {
            short value = code.ReadByte();
            value = value == 0xFE ? unchecked((short)(0xFE00 | code.ReadByte())) : value;
            switch (Operands[value])
            {
                case OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineTok or OperandType.InlineType:
                    used.UnionWith(_names.Of(MetadataTokens.EntityHandle(code.ReadInt32())));
                    break;
                case OperandType.InlineSwitch:
                    int targets = code.ReadInt32();
                    code.Offset += 4 * targets;
                    break;
                case OperandType.InlineNone:
                    break;
                case OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar:
                    code.Offset += 1;
                    break;
                case OperandType.InlineVar:
                    code.Offset += 2;
                    break;
                case OperandType.InlineI8 or OperandType.InlineR:
                    code.Offset += 8;
                    break;
                default:
                    code.Offset += 4;
                    break;
            }
        }
    }
}
