using System.Collections.Immutable;
using System.Reflection;
using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace Machine.Tool.Tests.Rooms;

/// <summary>Which type of the compiled tool uses which: base types, signatures, and whatever a method's instructions name.</summary>
internal sealed class AssemblyArrows : IDisposable
{
    private static readonly Dictionary<short, OpCode> OpCodes = typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (OpCode)field.GetValue(null)!).ToDictionary(code => code.Value);

    private readonly PEReader file;
    private readonly MetadataReader metadata;
    private readonly Collector collector;

    private AssemblyArrows(string path)
    {
        file = new PEReader(File.OpenRead(path));
        metadata = file.GetMetadataReader();
        collector = new Collector(metadata);
    }

    /// <summary>From namespace, to namespace, and the member that uses it.</summary>
    public sealed record Arrow(string From, string To, string Member, string Used);

    public static IReadOnlyList<Arrow> OfTheTool()
    {
        using var arrows = new AssemblyArrows(Path.Combine(AppContext.BaseDirectory, "dotnet-machine.dll"));
        return [.. arrows.All().Distinct()];
    }

    public void Dispose() => file.Dispose();

    private IEnumerable<Arrow> All()
    {
        foreach (var handle in metadata.TypeDefinitions)
        {
            var type = metadata.GetTypeDefinition(handle);
            var from = Place(handle);
            foreach (var arrow in Arrows(from, from.Type, () =>
            {
                collector.Add(type.BaseType);
                type.GetInterfaceImplementations().Select(metadata.GetInterfaceImplementation).ToList().ForEach(each => collector.Add(each.Interface));
                type.GetFields().Select(metadata.GetFieldDefinition).ToList().ForEach(field => field.DecodeSignature(collector, null));
                type.GetProperties().Select(metadata.GetPropertyDefinition).ToList().ForEach(property => property.DecodeSignature(collector, null));
            }))
            {
                yield return arrow;
            }

            foreach (var method in type.GetMethods().Select(metadata.GetMethodDefinition))
            {
                foreach (var arrow in Arrows(from, $"{from.Type}.{metadata.GetString(method.Name)}", () => Collect(method)))
                {
                    yield return arrow;
                }
            }
        }
    }

    private List<Arrow> Arrows((string Namespace, string Type) from, string member, Action collect)
    {
        collector.Found.Clear();
        collect();
        return [.. collector.Found.Select(Place)
            .Where(to => to.Namespace != from.Namespace && to.Namespace.StartsWith("Machine.Tool", StringComparison.Ordinal) && from.Namespace.StartsWith("Machine.Tool", StringComparison.Ordinal))
            .Select(to => new Arrow(from.Namespace, to.Namespace, member, to.Type))];
    }

    private void Collect(MethodDefinition method)
    {
        method.DecodeSignature(collector, null);
        if (method.RelativeVirtualAddress == 0)
        {
            return;
        }

        var body = file.GetMethodBody(method.RelativeVirtualAddress);
        if (!body.LocalSignature.IsNil)
        {
            metadata.GetStandaloneSignature(body.LocalSignature).DecodeLocalSignature(collector, null);
        }

        body.ExceptionRegions.Where(region => region.Kind == ExceptionRegionKind.Catch).ToList().ForEach(region => collector.Add(region.CatchType));
        var il = body.GetILReader();
        while (il.RemainingBytes > 0)
        {
            short first = il.ReadByte();
            var code = OpCodes[first == 0xFE ? (short)((first << 8) | il.ReadByte()) : first];
            switch (code.OperandType)
            {
                case OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineTok or OperandType.InlineType:
                    collector.Add(MetadataTokens.EntityHandle(il.ReadInt32()));
                    break;
                case OperandType.InlineSwitch:
                    var targets = il.ReadInt32();
                    il.Offset += targets * 4;
                    break;
                case OperandType.InlineNone:
                    break;
                default:
                    il.Offset += code.OperandType switch
                    {
                        OperandType.InlineI8 or OperandType.InlineR => 8,
                        OperandType.InlineVar => 2,
                        OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                        _ => 4,
                    };
                    break;
            }
        }
    }

    // A compiler's own types lie in the type that they were made for.
    private (string Namespace, string Type) Place(TypeDefinitionHandle handle)
    {
        var type = metadata.GetTypeDefinition(handle);
        while (!type.GetDeclaringType().IsNil)
        {
            type = metadata.GetTypeDefinition(type.GetDeclaringType());
        }

        return (metadata.GetString(type.Namespace), metadata.GetString(type.Name));
    }

    /// <summary>Remembers each type of this assembly that a handle or a signature names.</summary>
    private sealed class Collector(MetadataReader metadata) : ISignatureTypeProvider<int, object?>
    {
        public HashSet<TypeDefinitionHandle> Found { get; } = [];

        public void Add(EntityHandle handle)
        {
            switch (handle.Kind)
            {
                case var _ when handle.IsNil:
                    break;
                case HandleKind.TypeDefinition:
                    Found.Add((TypeDefinitionHandle)handle);
                    break;
                case HandleKind.TypeSpecification:
                    metadata.GetTypeSpecification((TypeSpecificationHandle)handle).DecodeSignature(this, null);
                    break;
                case HandleKind.MethodDefinition:
                    Found.Add(metadata.GetMethodDefinition((MethodDefinitionHandle)handle).GetDeclaringType());
                    break;
                case HandleKind.FieldDefinition:
                    Found.Add(metadata.GetFieldDefinition((FieldDefinitionHandle)handle).GetDeclaringType());
                    break;
                case HandleKind.MemberReference:
                    Add(metadata.GetMemberReference((MemberReferenceHandle)handle).Parent);
                    break;
                case HandleKind.MethodSpecification:
                    var method = metadata.GetMethodSpecification((MethodSpecificationHandle)handle);
                    method.DecodeSignature(this, null);
                    Add(method.Method);
                    break;
                default:
                    break;
            }
        }

        public int GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind) => Found.Add(handle) ? 0 : 0;

        public int GetTypeFromSpecification(MetadataReader reader, object? genericContext, TypeSpecificationHandle handle, byte rawTypeKind) =>
            reader.GetTypeSpecification(handle).DecodeSignature(this, genericContext);

        public int GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind) => 0;

        public int GetArrayType(int elementType, ArrayShape shape) => 0;

        public int GetByReferenceType(int elementType) => 0;

        public int GetFunctionPointerType(MethodSignature<int> signature) => 0;

        public int GetGenericInstantiation(int genericType, ImmutableArray<int> typeArguments) => 0;

        public int GetGenericMethodParameter(object? genericContext, int index) => 0;

        public int GetGenericTypeParameter(object? genericContext, int index) => 0;

        public int GetModifiedType(int modifier, int unmodifiedType, bool isRequired) => 0;

        public int GetPinnedType(int elementType) => 0;

        public int GetPointerType(int elementType) => 0;

        public int GetPrimitiveType(PrimitiveTypeCode typeCode) => 0;

        public int GetSZArrayType(int elementType) => 0;
    }
}
