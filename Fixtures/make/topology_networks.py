"""The networks of crosscheck_topology.py: what each is called, and what its own modules say it consists of."""
import re

# constructor: (what skiff's family text has to begin with, side of the image, channels)
TORCHVISION = {
    "resnet18": ("ResNet-18 v1", 64), "resnet34": ("ResNet-34 v1", 64), "resnet50": ("ResNet-50 v1.5", 64),
    "resnet101": ("ResNet-101 v1.5", 64), "resnet152": ("ResNet-152 v1.5", 64),
    "resnext50_32x4d": ("ResNeXt-50 32×4d v1.5", 64), "resnext101_32x8d": ("ResNeXt-101 32×8d v1.5", 64),
    "resnext101_64x4d": ("ResNeXt-101 64×4d v1.5", 64), "wide_resnet50_2": ("Wide ResNet-50-2 v1.5", 64),
    "wide_resnet101_2": ("Wide ResNet-101-2 v1.5", 64), "mobilenet_v2": ("MobileNetV2", 64),
    "mobilenet_v3_large": ("MobileNetV3-Large", 64), "mobilenet_v3_small": ("MobileNetV3-Small", 64),
    "mnasnet1_0": ("MnasNet-B1", 64), "mnasnet0_75": ("MnasNet-B1 ×0.75", 64), "efficientnet_b0": ("EfficientNet-B0", 64),
    "efficientnet_b1": ("EfficientNet-B1", 64), "efficientnet_b2": ("EfficientNet-B2", 64),
    "efficientnet_b3": ("EfficientNet-B3", 64), "efficientnet_b4": ("EfficientNet-B4", 64),
    "efficientnet_b7": ("EfficientNet-B7", 64), "efficientnet_v2_s": ("EfficientNetV2-S", 64),
    "efficientnet_v2_m": ("EfficientNetV2-M", 64), "regnet_x_400mf": ("RegNetX-400MF", 64),
    "regnet_x_1_6gf": ("RegNetX-1.6GF", 64), "regnet_x_8gf": ("RegNetX-8.0GF", 64), "regnet_y_400mf": ("RegNetY-400MF", 64),
    "regnet_y_800mf": ("RegNetY-800MF", 64), "regnet_y_3_2gf": ("RegNetY-3.2GF", 64),
    "convnext_tiny": ("ConvNeXt-Tiny", 64), "convnext_small": ("ConvNeXt-Small", 64), "convnext_base": ("ConvNeXt-Base", 64),
    "densenet121": ("DenseNet-121", 64), "densenet169": ("DenseNet-169", 64), "densenet161": ("DenseNet-161", 64),
    "vit_b_16": ("transformer, 12 layers", 224), "swin_t": ("transformer, 12 layers, stages 2-2-6-2", 64),
    "segmentation.fcn_resnet50": ("ResNet-50 v1.5", 64), "segmentation.deeplabv3_resnet101": ("ResNet-101 v1.5", 64),
    "video.r3d_18": ("R3D-18 v1", 32), "video.mc3_18": ("MC3-18 v1", 32), "video.r2plus1d_18": ("R(2+1)D-18 v1", 32),
    "googlenet": ("no residual blocks", 96), "squeezenet1_1": ("no residual blocks", 64), "vgg11": ("no residual blocks", 224),
}
TIMM = {
    "seresnet50": ("SE-ResNet-50 v1.5", 64), "seresnext50_32x4d": ("SE-ResNeXt-50 32×4d v1.5", 64),
    "legacy_senet154": ("SENet-154", 64), "legacy_seresnet18": ("SE-ResNet-18 v1", 64), "resnet50d": ("ResNet-50 D", 64), "resnet50c": ("ResNet-50 C", 64),
    "resnet101d": ("ResNet-101 D", 64), "resnet26": ("ResNet-26 v1.5", 64), "resnet200": ("ResNet-200 v1.5", 64), "ecaresnet50d": ("ECA-ResNet-50 D", 64),
    "res2net50_26w_4s": ("Res2Net-50 26w×4s v1.5", 64), "res2net50_14w_8s": ("Res2Net-50 14w×8s v1.5", 64),
    "res2next50": ("Res2NeXt-50 8c×4w×4s v1.5", 64), "resnest50d": ("ResNeSt-50 D", 64), "resnest14d": ("ResNeSt-14 D", 64),
    "skresnet18": ("SK-ResNet-18 v1", 64), "skresnext50_32x4d": ("SK-ResNeXt-50 32×4d v1.5", 64),
    "resnetv2_50": ("ResNet-50 v2", 64), "resnetv2_101": ("ResNet-101 v2", 64),
    "resnetv2_50x1_bit": ("ResNet-50 v2 with GroupNorm (BiT)", 64), "resnetrs50": ("ResNet-RS-50", 64), "resnetrs101": ("ResNet-RS-101", 64),
    "regnetx_002": ("RegNetX-200MF", 64), "regnetx_006": ("RegNetX-600MF", 64), "regnetx_064": ("RegNetX-6.4GF", 64), "regnety_002": ("RegNetY-200MF", 64),
    "regnety_006": ("RegNetY-600MF", 64), "regnety_040": ("RegNetY-4.0GF", 64), "darknet53": ("DarkNet-53", 64),
    "cspdarknet53": ("CSPDarkNet-53", 64), "cspresnet50": ("CSPResNet-50", 64), "hrnet_w18": ("HRNet-W18", 64),
    "inception_resnet_v2": ("Inception-ResNet-v2", 128), "legacy_xception": ("Xception", 96), "xception41": ("Xception aligned", 96),
    "tf_efficientnet_lite0": ("EfficientNet-Lite0", 64), "tf_efficientnetv2_b0": ("EfficientNetV2-B0", 64),
    "tf_efficientnetv2_b3": ("EfficientNetV2-B3", 64),
    "mobilenetv2_050": ("MobileNetV2 ×0.5", 64), "repvgg_a0": ("RepVGG-A0", 64), "repvgg_b1": ("RepVGG-B1", 64),
    "convnextv2_nano": ("ConvNeXtV2-Nano", 64), "convnext_atto": ("ConvNeXt-Atto", 64), "densenet201": ("DenseNet-201", 64),
    "mobileone_s1": ("parallel-branch residual network", 64), "dla34": ("residual network", 64),
}
KERAS = {
    "ResNet50": "ResNet-50 v1", "ResNet101": "ResNet-101 v1", "ResNet152": "ResNet-152 v1", "ResNet50V2": "ResNet-50 v2",
    "ResNet101V2": "ResNet-101 v2", "MobileNetV2": "MobileNetV2", "MobileNetV3Large": "MobileNetV3-Large", "MobileNetV3Small": "MobileNetV3-Small",
    "EfficientNetB0": "EfficientNet-B0", "EfficientNetB3": "EfficientNet-B3", "EfficientNetV2B0": "EfficientNetV2-B0",
    "EfficientNetV2S": "EfficientNetV2-S", "ConvNeXtTiny": "ConvNeXt-Tiny", "DenseNet121": "DenseNet-121",
    "DenseNet169": "DenseNet-169", "InceptionResNetV2": "Inception-ResNet-v2", "Xception": "Xception",
    "VGG16": "no residual blocks", "InceptionV3": "no residual blocks",
}

# Classes of modules that are one residual block each; a function says whether this one is, and by what shortcut.
PROJECTED = ("BasicBlock", "Bottleneck", "SEBottleneck", "SEResNetBlock", "SEResNeXtBottleneck", "Bottle2neck", "ResNestBottleneck", "SelectiveKernelBasic",
             "SelectiveKernelBottleneck", "PreActBottleneck", "PreActBasic", "ResBottleneckBlock", "DarkBlock", "CNBlock",
             "ConvNeXtBlock", "Block35", "Block17", "Block8", "Block", "BottleneckBlock")


def shortcut(module):
    """`identity`, `projection`, `none` for blocks without an addition; None for modules that are no blocks."""
    name = type(module).__name__
    where = type(module).__module__
    if name in ("InvertedResidual", "InvertedResidualConfig", "_InvertedResidual", "MBConv", "FusedMBConv", "EdgeResidual",
                "DepthwiseSeparableConv", "UniversalInvertedResidual", "ConvBnAct", "MobileOneBlock"):
        if name == "MobileOneBlock":
            return None
        for flag in ("use_res_connect", "has_skip", "apply_residual"):
            if hasattr(module, flag):
                return "identity" if getattr(module, flag) else "none"
        return None
    if "dla" in where and name in ("DlaBasic", "DlaBottleneck"):
        return "identity"
    if name == "RepVggBlock" or name == "RepVGGBlock":
        return "identity" if module.identity is not None else "projection"
    if name == "Block" and "xception" in where:
        return "identity" if module.skip is None else "projection"
    if name == "XceptionModule":
        return "none" if module.no_skip else "identity" if module.shortcut is None else "projection"
    if name in PROJECTED:
        for attribute in ("downsample", "proj"):
            if hasattr(module, attribute):
                part = getattr(module, attribute)
                if part is None or type(part).__name__ == "Identity":
                    return "identity"
                return "projection"
        if hasattr(module, "shortcut"):
            part = module.shortcut
            return "identity" if part is None or type(part).__name__ == "Identity" else "projection"
        return "identity"
    if name in ("EncoderBlock", "SwinTransformerBlock"):
        return "two identities"
    return None


def torch_blocks(model):
    """(blocks, identities, projections, dense layers), from the model's modules."""
    identities = projections = dense = 0
    for module in model.modules():
        if type(module).__name__ in ("_DenseLayer", "DenseLayer"):
            dense += 1
        kind = shortcut(module)
        identities += {"identity": 1, "two identities": 2}.get(kind, 0)
        projections += kind == "projection"
    return identities + projections, identities, projections, dense


def keras_blocks(model):
    """(blocks, None, projections or None, dense layers), from the layers that add and concatenate."""
    adds = [layer for layer in model.layers if type(layer).__name__ in ("Add", "CustomScaleLayer")]
    cats = [layer for layer in model.layers if type(layer).__name__ == "Concatenate"]
    projections = None
    if re.match(r"resnet\d", model.name):
        projections = sum(layer.name.endswith("_0_conv") for layer in model.layers)
    dense = len(cats) if model.name.startswith("densenet") else 0
    # ConvNeXt adds by an operator of keras.ops, which is no layer.
    return len(adds) if adds or not model.name.startswith("convnext") else None, None, projections, dense
